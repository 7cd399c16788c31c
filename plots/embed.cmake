# cmake -DOUTPUT=FILE.c -DFILES="a.gp;b.gp" -P embed.cmake: a table of the texts of the files under their bare names, as
# bytes, since a string may have no more than 4095 characters.
set(texts "")
set(rows "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1, " bytes "${bytes}")
    string(APPEND texts "static const char ${name}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", ${name}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made by embed.cmake. */
#include \"plots/scripts.h\"

${texts}
const struct script plots_script[] = {
${rows}    {0, 0},
};
")
