# SPDX-License-Identifier: Apache-2.0
"""Contexts of clusters: options by their names, and the retired products' arguments. Nothing is submitted here."""
import copy
import datetime
import pickle
import warnings

import pytest

import errand
from errand import RxComputeContext, RxHpcServer, RxLocalParallel, RxSlurm, cluster_contexts


@pytest.fixture(autouse=True)
def nothing_said():
    cluster_contexts._said.clear()


def options(context):
    return context._core.engine_options


def test_options_have_their_engines_names():
    context = RxSlurm(partition="main", account="physics", qos="low", time="2:00:00", memory="4G", cpus_per_task=4,
                      gres="gpu:1", constraint="avx2", extra="--reservation=maint", wait=False, share_dir="/share")
    assert context.engine == "slurm" and context.wait is False and context.share_dir == "/share"
    assert options(context) == {
        "partition": "main", "account": "physics", "qos": "low", "time": "2:00:00", "memory": "4G",
        "cpus_per_task": "4", "gres": "gpu:1", "constraint": "avx2", "extra": "--reservation=maint"}
    assert context.cpus_per_task == "4" and context.nodelist is None
    context.partition = None
    assert "partition" not in options(context)


@pytest.mark.parametrize("value, text", [
    (True, "true"), (8, "8"), (["a", "b"], "a,b"), (datetime.timedelta(hours=26, seconds=5), "26:00:05")])
def test_values_become_text(value, text):
    assert options(RxSlurm(comment=value))["comment"] == text


def test_what_is_no_option_is_refused_with_those_there_are():
    with pytest.raises(errand.ArgumentError, match="RxSlurm has no setting 'partitoin'; .*partition"):
        RxSlurm(partitoin="main")
    with pytest.raises(errand.ArgumentError, match="no setting 'colour'"):
        RxSlurm().colour = "blue"
    with pytest.raises(errand.ArgumentError, match="comment cannot be"):
        RxSlurm(comment={"a": 1})


def test_a_copy_is_changed_and_the_original_is_not():
    original = RxSlurm(partition="main", wait=False)
    changed = RxSlurm(original, memory="2G", wait=True)
    assert (changed.partition, changed.memory, changed.wait) == ("main", "2G", True)
    assert original.memory is None and original.wait is False
    assert RxComputeContext(original, qos="low") == RxSlurm(original, qos="low")
    assert isinstance(RxComputeContext(original, qos="low"), RxSlurm)
    for same in (copy.copy(original), pickle.loads(pickle.dumps(original))):
        assert same == original and isinstance(same, RxSlurm)


def test_the_options_of_one_engine_are_none_of_anothers():
    local = RxLocalParallel(rng_seed=7, cores=3)
    cluster = RxSlurm(local, partition="main")
    assert (cluster.cores, cluster.rng_seed, cluster.engine) == (3, 7, "slurm")
    assert "partition" not in options(errand.RxGridEngine(cluster))
    back = RxLocalParallel(cluster, wait=False)
    assert (back.engine, back.cores, back.rng_seed, options(back)) == ("local", 3, 7, options(local))
    assert errand.RxLocalSeq(cluster).sequential and not RxLocalParallel(errand.RxLocalSeq()).sequential


@pytest.mark.parametrize("name, kind", [
    ("slurm", RxSlurm), ("RxSlurm", RxSlurm), ("rxhpcserver", RxHpcServer), ("RxGridEngine", errand.RxGridEngine),
    ("RxLsfCluster", errand.RxLsfCluster)])
def test_names(name, kind):
    assert type(RxComputeContext(name, wait=False)) is kind


def test_the_context_in_force_keeps_its_class():
    for context in (RxSlurm(partition="main"), RxHpcServer(head_node="head"), errand.RxGridEngine(),
                    errand.RxLsfCluster()):
        errand.rx_set_compute_context(context)
        found = errand.rx_get_compute_context()
        assert type(found) is type(context) and found == context
    assert repr(RxHpcServer(head_node="head", time=5)) == "RxHpcServer(head_node='head', time='5')"


def test_named_contexts_of_the_configuration(tmp_path, monkeypatch):
    (tmp_path / "errand").mkdir()
    (tmp_path / "errand" / "config.toml").write_text(
        '[contexts.cluster]\ninherits = "slurm"\ncores = 8\n[contexts.cluster.engine_options]\npartition = "main"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    context = RxComputeContext("cluster", time="10")
    assert type(context) is RxSlurm
    assert (context.cores, context.partition, context.time) == (8, "main", "10")


def test_a_script_of_the_retired_product_is_understood():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context = RxHpcServer(
            head_node="cluster-head", share_dir="/share/ada", working_dir="/home/ada", wait=False, console_output=True,
            nodes=["compute1", "compute2"], compute_on_head_node=False, min_elems=-1, max_elems=-1, priority=2,
            exclusive=True, auto_cleanup=False, data_dist_type="all", packages_to_load=["json"], email="ada@here",
            results_timeout=15, groups="ComputeNodes")
    assert context.head_node == "cluster-head" and context.working_dir == "/home/ada"
    assert options(context) == {"rx.head_node": "cluster-head", "nodes": "compute1,compute2", "exclusive": "true",
                                "mail_user": "ada@here", "mail_type": "END,FAIL"}
    assert options(RxHpcServer(max_elems=10, priority=0, groups=["fat", "thin"])) == {
        "elements": "10", "nice": "10000", "partition": "fat,thin"}
    assert RxHpcServer(context, wait=True).head_node == "cluster-head"


def test_the_original_arguments_on_other_schedulers():
    engine = errand.RxGridEngine(queue="all.q", pe="smp", memory="2G", nodes=["n1", "n2"], email="ada@here",
                                 max_elems=5)
    assert options(engine) == {"queue": "all.q", "pe": "smp", "memory": "2G", "nodes": "n1,n2", "elements": "5",
                               "mail_user": "ada@here", "mail_type": "ea"}
    cluster = errand.RxLsfCluster(share_dir="/share/ada", queue="normal", exclusive=True, nodes="a,b", email="ada@here")
    assert options(cluster) == {"queue": "normal", "exclusive": "true", "nodes": "a,b", "mail_user": "ada@here"}
    assert options(errand.RxLsfCluster(groups=["fat", "thin"])) == {"nodes": "fat,thin"}
    with pytest.warns(errand.ErrandWarning, match="gridengine has no counterpart of groups .choose a queue"):
        errand.RxGridEngine(groups=["fat"])
    with pytest.warns(errand.ErrandWarning, match="lsf has no counterpart of groups beside nodes.*cluster_mpi_path"):
        errand.RxLsfCluster(groups=["fat"], nodes="a", cluster_mpi_path="/opt/mpi/bin", profile_script="/etc/profile.d/lsf.sh")
    with pytest.raises(errand.ArgumentError, match="RxLsfCluster has no setting 'partition'; .*queue"):
        errand.RxLsfCluster(partition="main")


def test_what_has_no_counterpart_is_said_once_and_is_no_error():
    with pytest.warns(errand.ErrandWarning, match="slurm has no counterpart of .*revo_path.*data_path") as said:
        context = RxHpcServer(head_node="cluster-head2", share_dir="\\\\AllShare\\\\ada", working_dir="C:\\Users\\ada",
                              revo_path="C:\\Revolution\\bin\\x64", data_path=["C:\\data"], data_dist_type="split")
    assert len(said) == 1
    assert context.share_dir == RxSlurm().share_dir and context.working_directory == ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RxHpcServer(revo_path="C:\\Revolution\\bin\\x64")
    with pytest.warns(errand.ErrandWarning, match="priority 4"):
        RxHpcServer(priority=4)


def test_an_engine_that_is_not_here_is_refused_at_submission(share):
    context = RxSlurm(share_dir=share)
    context.engine = "cray"
    with pytest.raises(errand.ErrandError, match="no engine named cray"):
        errand.submit(lambda: 1, context=context)


def test_the_head_node_tells_clusters_apart(share):
    """Jobs of another cluster in the same share directory are another context's."""
    local = RxLocalParallel(share_dir=share, wait=False, auto_cleanup=False)
    local._core.engine_options = {"rx.head_node": "one"}
    job = errand.submit(lambda: 1, context=local)
    job.wait()

    def ids(head):
        context = RxHpcServer(head_node=head, share_dir=share)
        return [one.id for one in errand.rx_get_jobs(context, verbose=False)]

    assert ids("one") == [job.id] and ids("two") == [] and ids("") == [job.id]
