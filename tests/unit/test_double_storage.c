/* test_double_storage.c - a process' memory is mapped here, copied by this program, and given back: the program's calls for that
 * and the double's, which each have the layouts from the reference on their own. */
#include "double_clients.h"

#include "backend/cuda/checkpoint.h"
#include "backend/cuda/storage.h"

enum { CHECKPOINTING = 4, RESTORING = 5, DATA_BYTES = DATA_MIB * MIB + 4096 };

static storage_complete_function *complete;
static unsigned char *copy;
static struct error err;

static int open_storage(const char *options)
{
    begin(options);
    memset(&err, 0, sizeof err);
    return storage_probe(&cu, &complete, &err);
}

static void take_copy(void)
{
    copy = mmap(NULL, DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(copy, MAP_FAILED);
    OK(cu.host_register(copy, DATA_BYTES, CU_MEMHOSTREGISTER_PORTABLE));
}

static void give_copy(void)
{
    OK(cu.host_unregister(copy));
    munmap(copy, DATA_BYTES);
}

/* A client that runs, held. */
static void hold_client(const char *name, const char *bursts)
{
    client_start(name, bursts, "driver=13040");
    assert_true(client_moves(WAIT_MS));
    OK(lock_within(child, WAIT_MS));
}

static void there_and_back(size_t left_out, int ends_with)
{
    struct storage_info *info;
    uint64_t before;
    int64_t own;

    assert_int_equal(open_storage("driver=13040"), GS_OK);
    take_copy();
    hold_client("chunks", "200");
    before = free_bytes();
    own = own_kib(child);
    assert_int_equal(storage_save(&cu, child, &info, &err), GS_OK);
    assert_int_equal(state_of(child), CHECKPOINTING);
    assert_int_equal(info->devices, 1);
    assert_int_equal(info->device[0].bytes, DATA_BYTES);
    assert_int_equal(free_bytes(), before); /* it is there until it has been copied */
    OK(cu.copy_out(copy, info->device[0].at, DATA_BYTES - left_out, info->device[0].stream));
    assert_int_equal(storage_complete(&cu, complete, info, child, &err), GS_OK);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_CHECKPOINTED);
    assert_int_equal(free_bytes(), before + CHECKPOINTED);
    assert_true(own_kib(child) - own < DATA_MIB * 1024 / 4); /* and nowhere in the process */
    assert_int_equal(cu.checkpoint_restore(child, NULL), CUDA_ERROR_INVALID_VALUE);
    assert_int_equal(storage_load(&cu, child, &info, &err), GS_OK);
    assert_int_equal(state_of(child), RESTORING);
    assert_int_equal(free_bytes(), before);
    OK(cu.copy_in(info->device[0].at, copy, DATA_BYTES - left_out, info->device[0].stream));
    assert_int_equal(storage_complete(&cu, complete, info, child, &err), GS_OK);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    OK(cu.checkpoint_unlock(child, NULL));
    assert_int_equal(client_wait(), ends_with);
    give_copy();
    double_end();
}

static void test_there_and_back(void **state)
{
    (void)state;
    there_and_back(0, 0);
}

static void test_what_is_not_copied_is_gone(void **state)
{
    (void)state;
    there_and_back(DATA_MIB * MIB / 2, 1); /* and its check of its data says so */
}

static void test_out_of_turn(void **state)
{
    struct storage_info *info, copied;
    struct storage_save_args args = {.info = &info, .reserved[55] = 1};
    CUcheckpointCheckpointArgs odd;

    (void)state;
    assert_int_equal(open_storage("driver=13040"), GS_OK);
    client_start("once", "100000", "");
    assert_true(client_moves(WAIT_MS));
    assert_int_not_equal(storage_save(&cu, child, &info, &err), GS_OK);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_RUNNING);
    OK(lock_within(child, WAIT_MS));
    assert_int_not_equal(storage_load(&cu, child, &info, &err), GS_OK);
    memcpy(&odd, &args, sizeof odd);
    assert_int_equal(cu.checkpoint_save(child, &odd), CUDA_ERROR_INVALID_VALUE);
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    assert_int_equal(storage_save(&cu, child, &info, &err), GS_OK);
    copied = *info;
    assert_int_not_equal(storage_save(&cu, child, &info, &err), GS_OK);
    assert_int_equal(cu.checkpoint_unlock(child, NULL), CUDA_ERROR_ILLEGAL_STATE);
    assert_int_equal(storage_complete(&cu, complete, &copied, child, &err), GS_OK);
    assert_int_equal(complete(copied.handle), CUDA_ERROR_INVALID_VALUE); /* once */
    client_kill();
    assert_int_equal(dbl->violations(), 2); /* of what is reserved, and of the handle */
    cu.primary_release(0);
    driver_close(&cu);
}

/* Without a context there is nowhere to map it. */
static void test_without_context(void **state)
{
    struct storage_info *info;

    (void)state;
    assert_int_equal(open_storage("driver=13040"), GS_OK);
    hold_client("once", "100000");
    OK(cu.primary_release(0));
    assert_int_not_equal(storage_save(&cu, child, &info, &err), GS_OK);
    assert_non_null(strstr(err.text, "context"));
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    client_kill();
    driver_close(&cu);
}

static void test_older_driver(void **state)
{
    struct storage_info *info;

    (void)state;
    assert_int_equal(open_storage("driver=13030"), GS_UNSATISFIABLE);
    assert_non_null(strstr(err.text, "CUDA 13.3"));
    client_start("once", "100000", "");
    assert_true(client_moves(WAIT_MS));
    OK(lock_within(child, WAIT_MS));
    assert_int_not_equal(storage_save(&cu, child, &info, &err), GS_OK); /* to it those are fields that must be 0 */
    assert_int_equal(state_of(child), CU_PROCESS_STATE_LOCKED);
    client_kill();
    assert_violation("argument");
    cu.primary_release(0);
    driver_close(&cu);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_there_and_back, end_client),
        cmocka_unit_test_teardown(test_what_is_not_copied_is_gone, end_client),
        cmocka_unit_test_teardown(test_out_of_turn, end_client),
        cmocka_unit_test_teardown(test_without_context, end_client),
        cmocka_unit_test_teardown(test_older_driver, end_client),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
