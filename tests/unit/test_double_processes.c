/* test_double_processes.c - the double in several processes: one takes another off the GPU and brings it back. */
#include "double_clients.h"

#include "backend/cuda/nvml.h"

/* What the management library tells of a process; 0: nothing of it, 1: it has the GPU open. */
static int listed(pid_t pid, uint64_t *bytes)
{
    static struct error err;
    struct nvml_holder holder[8];
    struct nvml nvml;
    nvml_device device;
    int count, found = 0;
    uint64_t used;

    memset(&err, 0, sizeof err);
    assert_int_equal(nvml_open(&nvml, &err), GS_OK);
    assert_int_equal(nvml.device(0, &device), NVML_SUCCESS);
    count = nvml_holders(&nvml, device, holder, 8);
    for (int i = 0; i < count; i++)
        if ((pid_t)holder[i].pid == pid) {
            found++;
            *bytes = holder[i].used_bytes;
        }
    assert_int_equal(nvml_used(&nvml, device, pid, &used), NVML_SUCCESS);
    assert_true(used == (found > 0 ? *bytes : 0));
    nvml_close(&nvml);
    return found;
}

static void test_there_and_back(void **state)
{
    CUcheckpointCheckpointArgs save = {0};
    CUcheckpointRestoreArgs restore = {0};
    CUcheckpointUnlockArgs unlock = {0};
    uint64_t before, bytes = 0;
    int64_t own;

    (void)state;
    begin("");
    client_start("chunks", "200", "");
    assert_true(client_moves(WAIT_MS));
    before = free_bytes();
    assert_int_equal(state_of(child), CU_PROCESS_STATE_RUNNING);
    assert_int_equal(listed(child, &bytes), 1);
    assert_int_equal(bytes, CHECKPOINTED);
    OK(lock_within(child, WAIT_MS));
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    client_must_rest();
    assert_int_equal(free_bytes(), before); /* it is only held */
    own = own_kib(child);
    OK(cu.checkpoint_save(child, &save));
    assert_int_equal(state_of(child), CU_PROCESS_STATE_CHECKPOINTED);
    assert_int_equal(free_bytes(), before + CHECKPOINTED);
    assert_true(own_kib(child) - own >= DATA_MIB * 1024); /* it lies in the process now */
    assert_int_equal(listed(child, &bytes), 0);
    OK(cu.checkpoint_restore(child, &restore));
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    assert_int_equal(free_bytes(), before);
    client_must_rest();
    OK(cu.checkpoint_unlock(child, &unlock));
    assert_int_equal(client_wait(), 0); /* all bursts fine: the data came back */
    double_end();
}

static void test_out_of_turn(void **state)
{
    CUcheckpointLockArgs odd = {.timeoutMs = 1, .reserved0 = 1};

    (void)state;
    begin("");
    client_start("once", "100000", "");
    assert_true(client_moves(WAIT_MS));
    assert_int_equal(cu.checkpoint_unlock(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(cu.checkpoint_save(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(cu.checkpoint_restore(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(cu.checkpoint_lock(child, &odd), CUDA_ERROR_INVALID_VALUE);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_RUNNING);
    OK(lock_within(child, WAIT_MS));
    assert_int_equal(lock_within(child, WAIT_MS), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(cu.checkpoint_restore(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    OK(cu.checkpoint_save(child, NULL));
    assert_int_equal(cu.checkpoint_save(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(cu.checkpoint_unlock(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    client_kill(); /* and what it held is nobody's */
    assert_int_equal(free_bytes(), 62 * MIB);
    assert_violation("argument");
    cu.primary_release(0);
    driver_close(&cu);
}

/* A call that waits for the GPU is under way: the lock gives up, and the process goes on. */
static void test_lock_gives_up(void **state)
{
    int gave_up = 0;

    (void)state;
    begin("");
    client_start("busy", "100000", "");
    assert_true(client_moves(WAIT_MS));
    for (int i = 0; i < 200 && gave_up < 3; i++) {
        CUresult result = lock_within(child, 1);

        if (result == CUDA_ERROR_NOT_READY) {
            gave_up++;
            assert_int_equal(state_of(child), CU_PROCESS_STATE_RUNNING);
        } else
            OK(cu.checkpoint_unlock(child, NULL));
    }
    assert_int_equal(gave_up, 3);
    while (client_moves(0))
        ;
    assert_true(client_moves(WAIT_MS));
    OK(lock_within(child, WAIT_MS));
    client_must_rest();
    client_kill();
    double_end();
}

/* There is no room any more: it is stuck for good. */
static void test_stuck(void **state)
{
    CUdeviceptr taken;

    (void)state;
    begin("");
    client_start("once", "100000", "");
    assert_true(client_moves(WAIT_MS));
    OK(lock_within(child, WAIT_MS));
    OK(cu.checkpoint_save(child, NULL));
    OK(cu.memory_alloc(&taken, free_bytes() - CHECKPOINTED + 4096)); /* a page too little is left */
    assert_int_equal(cu.checkpoint_restore(child, NULL), CUDA_ERROR_OUT_OF_MEMORY);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_FAILED);
    OK(cu.memory_free(taken));
    assert_int_equal(free_bytes(), 62 * MIB); /* it took nothing */
    assert_int_equal(cu.checkpoint_restore(child, NULL), CUDA_ERROR_OPERATING_SYSTEM);
    assert_int_equal(cu.checkpoint_unlock(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    client_must_rest();
    client_kill();
    double_end();
}

static void test_which_process(void **state)
{
    CUprocessState found = CU_PROCESS_STATE_RUNNING;
    char path[64], why[UNITS_WHY];
    struct dirent *file;
    int64_t thread = 0;
    pid_t sleeper;
    DIR *files;

    (void)state;
    begin("");
    client_start("threads", "100000", "");
    for (int i = 0; i < 100 && thread == 0; i++) { /* a thread's number will do for its process */
        snprintf(path, sizeof path, "/proc/%d/task", child);
        assert_non_null(files = opendir(path));
        while ((file = readdir(files)) != NULL && (thread == 0 || thread == child))
            if (file->d_name[0] != '.')
                assert_int_equal(units_integer(file->d_name, &thread, why), 0);
        closedir(files);
        thread = thread == child ? 0 : thread;
        usleep(20000);
    }
    assert_int_not_equal(thread, 0);
    usleep(300000);
    OK(lock_within((pid_t)thread, WAIT_MS));
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    client_kill();
    assert_int_equal(cu.checkpoint_state(child, &found), CUDA_ERROR_INVALID_VALUE); /* it is no more */
    if ((sleeper = fork()) == 0) {
        execl("/bin/sleep", "sleep", "60", (char *)NULL);
        _exit(1);
    }
    usleep(100000);
    assert_int_equal(cu.checkpoint_state(sleeper, &found), CUDA_ERROR_NOT_INITIALIZED); /* it knows of no GPU */
    kill(sleeper, SIGKILL);
    waitpid(sleeper, NULL, 0);
    assert_int_equal(cu.checkpoint_state(getpid(), &found), CUDA_ERROR_NOT_SUPPORTED);
    double_end();
}

/* What a management library shows and does not: a process without memory is there, and one may hide how much it has. */
static void test_blind_spots(void **state)
{
    uint64_t bytes = 1;

    (void)state;
    begin("");
    assert_int_equal(listed(getpid(), &bytes), 1);
    assert_int_equal(bytes, 2 * MIB);
    OK(cu.primary_release(0));
    assert_int_equal(listed(getpid(), &bytes), 1);
    assert_int_equal(bytes, 0);
    client_start("once", "100000", "unseen=yes");
    assert_true(client_moves(WAIT_MS));
    assert_int_equal(listed(child, &bytes), 1);
    assert_true(bytes == UINT64_MAX);
    client_kill();
    driver_close(&cu);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_there_and_back, end_client),
        cmocka_unit_test_teardown(test_out_of_turn, end_client),
        cmocka_unit_test_teardown(test_lock_gives_up, end_client),
        cmocka_unit_test_teardown(test_stuck, end_client),
        cmocka_unit_test_teardown(test_which_process, end_client),
        cmocka_unit_test_teardown(test_blind_spots, end_client),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
