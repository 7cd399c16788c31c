# How a test is registered.  Each has one label or more: unit truth prop golden cli browser fault fuzz lint builds cuda,
# threads for what the thread sanitizer should see (threads_more: when asked for more), waits for what takes its time by the
# clock and once for what simulates for long (neither is run again under the other sanitizers), and long for what ./check
# leaves out unless asked.

set(gpuswap_test_environment
    "GPUSWAP_SIM=${PROJECT_BINARY_DIR}/gpuswap-sim"
    "GPUSWAP_ROOT=${PROJECT_SOURCE_DIR}"
    "ASAN_OPTIONS=detect_leaks=1:abort_on_error=0"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1"
    "LC_ALL=C.UTF-8")

# gpuswap_command_test(NAME LABELS label... [TIMEOUT s] COMMAND command...): any command, run in the root of the source.
function(gpuswap_command_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;COMMAND")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)     # a hang, not a slow machine or a sanitizer
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES
        LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${gpuswap_test_environment}" SKIP_RETURN_CODE 77)
endfunction()

# gpuswap_c_test(LABEL NAME library... [SOURCES file...]): tests/LABEL/test_NAME.c and what it shares with others, one
# cmocka program, as the test LABEL.NAME.  What is true is so with sanitizers, too: there `truth` is built by name alone.
function(gpuswap_c_test label name)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES")
    set(target test_${label}_${name})
    add_executable(${target} ${label}/test_${name}.c ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES C_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${target} PRIVATE gpuswap_options ${arg_UNPARSED_ARGUMENTS} PkgConfig::CMOCKA)
    if(GPUSWAP_SANITIZE AND label STREQUAL truth)
        set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    gpuswap_command_test(${label}.${name} LABELS ${label} COMMAND ${target})
endfunction()

# gpuswap_unit_test(NAME library...): tests/unit/test_NAME.c, as the test unit.NAME.
function(gpuswap_unit_test name)
    gpuswap_c_test(unit ${name} ${ARGN})
endfunction()

# gpuswap_cli_test(NAME): tests/cli/NAME.bats with the program's path in GPUSWAP_SIM, as the test cli.NAME.
function(gpuswap_cli_test name)
    gpuswap_command_test(cli.${name} LABELS cli TIMEOUT 300 COMMAND bats tests/cli/${name}.bats)
endfunction()

# gpuswap_fuzz_target(NAME library... [SOURCE file] [DEFINE macro]): tests/fuzz/fuzz_NAME.c, as the test fuzz.NAME.  The
# fuzz preset looks for new inputs for a minute; every other build replays tests/fuzz/corpus/NAME/.
function(gpuswap_fuzz_target name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;DEFINE" "")
    if(NOT arg_SOURCE)
        set(arg_SOURCE fuzz_${name}.c)
    endif()
    set(target fuzz_${name})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
    add_executable(${target} fuzz/${arg_SOURCE})
    target_compile_definitions(${target} PRIVATE ${arg_DEFINE})
    set_target_properties(${target} PROPERTIES C_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${target} PRIVATE gpuswap_options ${arg_UNPARSED_ARGUMENTS})
    if(GPUSWAP_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        set(found ${PROJECT_BINARY_DIR}/corpus/${name})
        file(MAKE_DIRECTORY ${found})
        gpuswap_command_test(fuzz.${name} LABELS fuzz TIMEOUT 300
            COMMAND ${target} -max_total_time=60 -timeout=10 -rss_limit_mb=2048 -max_len=16384
                    -artifact_prefix=${PROJECT_BINARY_DIR}/ ${found} ${corpus})
    else()
        target_sources(${target} PRIVATE fuzz/replay_main.c)
        gpuswap_command_test(fuzz.${name} LABELS fuzz COMMAND ${target} ${corpus})
    endif()
endfunction()

# gpuswap_test_labels(TEST label...): further labels of a test.  What the thread sanitizer is to see is built by the target
# test_threads.
function(gpuswap_test_labels test)
    set_property(TEST ${test} APPEND PROPERTY LABELS ${ARGN})
    string(REPLACE "." "_" target test_${test})
    if(NOT TARGET test_threads)
        add_custom_target(test_threads DEPENDS gpuswap-sim)
    endif()
    if(ARGN MATCHES "threads" AND TARGET ${target})
        add_dependencies(test_threads ${target})
    endif()
endfunction()
