# SPDX-License-Identifier: Apache-2.0
"""The retired product's documentation pages, rewritten: the name of the import and the context are what changed."""
import time

import pytest

revoscalepy = pytest.importorskip("revoscalepy")


def hello_from_a_job():
    import time

    print("Hello from a job")
    time.sleep(0.3)
    return "We just ran Python code asynchronously!"


@pytest.fixture
def compute_context():
    from revoscalepy import RxLocalParallel

    return RxLocalParallel(cores=1, console_output=True, wait=False)


def test_page_of_rx_get_job_status(compute_context, capsys):
    from revoscalepy import RxRemoteJobStatus, rx_exec, rx_get_job_status, rx_wait_for_job

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    status = rx_get_job_status(job)
    print(status)
    assert capsys.readouterr().out in ("RxRemoteJobStatus.QUEUED\n", "RxRemoteJobStatus.RUNNING\n")
    rx_wait_for_job(job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED


def test_page_of_rx_get_job_results(compute_context, capsys):
    from revoscalepy import rx_exec, rx_get_job_results, rx_wait_for_job

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    rx_wait_for_job(job)
    results = rx_get_job_results(job)
    assert capsys.readouterr().out == "Hello from a job\n"
    assert results == ["We just ran Python code asynchronously!"]


def test_page_of_rx_get_job_output(compute_context):
    from revoscalepy import rx_exec, rx_get_job_output, rx_wait_for_job

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    rx_wait_for_job(job)
    assert rx_get_job_output(job) == "Hello from a job\n"
    assert rx_get_job_output(job) == "Hello from a job\n"


def test_page_of_rx_get_job_info(compute_context):
    from revoscalepy import rx_exec, rx_get_job_info

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    assert job.id in str(rx_get_job_info(job))
    assert rx_get_job_info("not a job") is None


def test_page_of_rx_get_jobs(compute_context):
    from revoscalepy import rx_exec, rx_get_jobs

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    job_list = rx_get_jobs(compute_context)
    assert job in job_list


def test_page_of_rx_cleanup_jobs(compute_context):
    """The manual's own example tested a status of before the cancel and so never cleaned up."""
    from revoscalepy import RxRemoteJobStatus, rx_cancel_job, rx_cleanup_jobs, rx_exec, rx_get_job_status

    job = rx_exec(function=sleep_long, compute_context=compute_context)
    status = rx_get_job_status(job)
    while status == RxRemoteJobStatus.QUEUED:
        time.sleep(0.02)
        status = rx_get_job_status(job)
    if status == RxRemoteJobStatus.RUNNING:
        assert rx_cancel_job(job) is True
    status = rx_get_job_status(job)
    assert status == RxRemoteJobStatus.CANCELED
    rx_cleanup_jobs(job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.UNDETERMINED


def sleep_long():
    import time

    time.sleep(300)


def test_cancel_after_cleanup_is_false(compute_context):
    from revoscalepy import rx_cancel_job, rx_cleanup_jobs, rx_exec, rx_wait_for_job

    job = rx_exec(function=hello_from_a_job, compute_context=compute_context)
    rx_wait_for_job(job)
    rx_cleanup_jobs(job, force=True, verbose=False)
    assert rx_cancel_job(job) is False


def grow(n_tree, formula, data):
    return f"{n_tree} trees of {formula} over {data}"


def test_page_of_rx_exec_local_parallel():
    from revoscalepy import RxLocalParallel, rx_exec, rx_set_compute_context

    rx_set_compute_context(RxLocalParallel())
    formula, data = "creditScore ~ yearsEmploy", "mortDefaultSmall"
    args = [
        {"data": data, "formula": formula, "n_tree": 3},
        {"data": data, "formula": formula, "n_tree": 5},
        {"data": data, "formula": formula, "n_tree": 7},
    ]
    models = rx_exec(grow, args=args)
    assert models == rx_exec(grow, data=data, formula=formula, n_tree=[3, 5, 7])
    assert [model[0] for model in models] == ["3", "5", "7"]


def test_page_of_rx_exec_with_a_waiting_context():
    from revoscalepy import RxLocalParallel, rx_exec

    cc = RxLocalParallel(cores=1, auto_cleanup=False, wait=True)

    def remote_call(dataset):
        return len(dataset)

    assert rx_exec(function=remote_call, args={"dataset": [1, 2, 3]}, compute_context=cc) == [3]


def test_page_of_rx_exec_continue_on_failure():
    from revoscalepy import RxLocalParallel, rx_exec, rx_set_compute_context

    rx_set_compute_context(RxLocalParallel())

    def my_check_fun(id_param):
        if id_param == 13:
            raise Exception("Ensure to fail")
        return id_param

    elem_arg = []
    for i in range(0, 20):
        elem_arg.append({"id_param": i})
    with pytest.warns(UserWarning, match="1 of 20 tasks failed"):
        results = rx_exec(my_check_fun, elem_arg, continue_on_failure=True)
    assert results[:13] == list(range(13)) and results[14:] == list(range(14, 20))
    assert isinstance(results[13], Exception) and "Ensure to fail" in str(results[13])


def test_page_of_rx_set_compute_context():
    from revoscalepy import RxLocalParallel, RxLocalSeq, rx_get_compute_context, rx_set_compute_context

    local_cc = RxLocalSeq()
    previous_cc = rx_set_compute_context(RxLocalParallel())
    assert previous_cc == local_cc
    assert rx_get_compute_context() == RxLocalParallel()
    rx_set_compute_context(local_cc)


def test_page_of_rxcomputecontext():
    from revoscalepy import RxComputeContext, RxLocalParallel, rx_get_compute_context, rx_set_compute_context

    rx_set_compute_context(RxComputeContext("RxLocalParallel", "1.0"))
    assert isinstance(rx_get_compute_context(), RxLocalParallel)


def test_page_of_rxoptions():
    from revoscalepy import RxOptions

    assert RxOptions.get_option("sampleDataDir") is None
    RxOptions.set_option("sampleDataDir", "/data")
    assert RxOptions.get_option("sampleDataDir") == "/data"
