# SPDX-License-Identifier: Apache-2.0
"""Compute contexts of clusters: any engine's options by their names, and the retired products' arguments."""
import datetime
import re
import warnings
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, Union

from . import contexts
from ._native import core
from .contexts import RxComputeContext
from .errors import ArgumentError, ErrandError, ErrandWarning

_HEAD_NODE = "rx.head_node"
_Text = Union[None, str, List[str]]

# The originals' arguments that no scheduler knows, with the value that says nothing, and what to know.
_WITHOUT_COUNTERPART: Dict[str, Tuple[Any, str]] = {
    "revo_path": (None, "workers are the interpreter that submits"),
    "data_path": (None, "there are no data files"),
    "out_data_path": (None, "there are no data files"),
    "compute_on_head_node": (False, "the scheduler alone chooses the nodes"),
    "data_dist_type": ("all", "there are no data files"),
    "results_timeout": (15, "results are there when the job is finished"),
    "client_share_dir": (None, "share_dir has to be the same path everywhere"),
    "profile_script": (None, "PATH has to hold the scheduler's commands"),
    "cluster_mpi_path": (None, "tasks do not use MPI"),
    "ssh_username": (None, "jobs are submitted by this machine's own commands"),
    "ssh_hostname": (None, "jobs are submitted by this machine's own commands"),
    "ssh_switches": (None, "jobs are submitted by this machine's own commands"),
}
_ALL_NODES = ("ComputeNodes", "HeadNodes")  # groups that every HPC Server has
_NICE = {0: "10000", 1: "1000"}  # of the original's priorities "lowest" and "below normal"
_said: Set[Tuple[str, str]] = set()


class RxClusterContext(RxComputeContext):
    """What the contexts of all clusters have in common; use RxSlurm, RxGridEngine or RxLsfCluster.

    Every option of the engine is an argument and an attribute by its own name: `RxSlurm(partition="main")`.
    Lists are joined by commas, True means "true", a timedelta becomes h:m:s. Beside them there are the
    settings of RxComputeContext, and the arguments of the retired products, see RxHpcServer.
    """

    _engine = ""
    _names: Tuple[str, ...] = ()
    _mail_type = ""  # the option's value for "when the job ends"
    _group_option = ""  # the option that takes names of groups of nodes

    def __init__(self, description: Any = None, **settings: Any) -> None:
        if isinstance(description, RxComputeContext) or (
                isinstance(description, str) and description.lower() not in self._names):
            super().__init__(description)
        else:
            super().__init__("RxLocalParallel")
        self._become(self._engine, False)
        self._set(settings)

    def _set(self, fields: Dict[str, Any]) -> None:
        given = {name: value for name, value in fields.items() if value is not None}
        unsaid: List[str] = []
        for name, value in given.items():
            if name in _WITHOUT_COUNTERPART:
                nothing, why = _WITHOUT_COUNTERPART[name]
                if value != nothing:
                    unsaid.append(f"{name} ({why})")
            elif name in ("share_dir", "working_dir") and _is_windows_path(value):
                unsaid.append(f"{name} {value!r} (a path of another system)")
            elif name in _ORIGINALS:
                _ORIGINALS[name](self, value, given, unsaid)
            elif name in contexts._FIELDS or name in contexts._OWN or self._is_option(name):
                setattr(self, name, value)
            else:
                self._refuse(name)
        self._say(unsaid)

    def _say(self, unsaid: List[str]) -> None:
        fresh = [text for text in unsaid if (type(self).__name__, text) not in _said]
        _said.update((type(self).__name__, text) for text in fresh)
        if fresh:
            warnings.warn(f"{type(self).__name__}: {self._engine} has no counterpart of " + ", ".join(fresh),
                          ErrandWarning, stacklevel=4)

    @classmethod
    def _options(cls) -> Optional[List[str]]:
        """The engine's options, or None where this errand has no such engine."""
        try:
            return core.engine_options(cls._engine)
        except ErrandError:
            return None

    @classmethod
    def _is_option(cls, name: str) -> bool:
        known = cls._options()
        return not name.startswith("_") and (known is None or name in known)

    def _put(self, name: str, value: Any) -> None:
        options = self._core.engine_options
        text = _as_text(name, value)
        if text:
            options[name] = text
        else:
            options.pop(name, None)
        self._core.engine_options = options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        options = self.__dict__["_core"].engine_options if "_core" in self.__dict__ else {}
        if name == "head_node":
            return options.get(_HEAD_NODE, "")
        if name == "working_dir":
            return self.working_directory
        if name in options or (name not in contexts._FIELDS and name in (self._options() or [])):
            return options.get(name)
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "head_node":
            self._put(_HEAD_NODE, value)
        elif name == "working_dir":
            self.working_directory = value
        elif name in contexts._FIELDS or name in contexts._OWN or name.startswith("_"):
            super().__setattr__(name, value)
        elif self._is_option(name):
            self._put(name, value)
        else:
            self._refuse(name)

    def _refuse(self, name: str) -> None:
        known = [*contexts._FIELDS, *(self._options() or []), *_ORIGINALS]
        raise ArgumentError(f"{type(self).__name__} has no setting {name!r}", "there are " + ", ".join(known))

    def _shown(self) -> List[str]:
        options = self._core.engine_options
        head = ["head_node"] if _HEAD_NODE in options else []
        return [*head, *super()._shown(), *(name for name in sorted(options) if "." not in name)]


def _is_windows_path(path: Any) -> bool:
    return isinstance(path, str) and re.match(r"[A-Za-z]:[\\/]|\\", path) is not None


def _as_text(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    if isinstance(value, (list, tuple)):
        return ",".join(str(one) for one in value)
    if isinstance(value, datetime.timedelta):
        seconds = int(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ArgumentError(f"{name} cannot be {value!r}", "give a string, a number, True, a list or a timedelta")


_Original = Callable[[RxClusterContext, Any, Dict[str, Any], List[str]], None]


def _set_elements(context: RxClusterContext, _: Any, given: Dict[str, Any], unsaid: List[str]) -> None:
    least, most = given.get("min_elems", -1), given.get("max_elems", -1)
    if max(least, most) > 0:
        context._put("elements", most if most > 0 else least)
    if 0 < least < most:
        unsaid.append("min_elems (elements start as nodes get free)")


def _set_priority(context: RxClusterContext, value: Any, _: Dict[str, Any], unsaid: List[str]) -> None:
    if value in _NICE and context._is_option("nice"):
        context._put("nice", _NICE[value])
    elif value != 2:
        unsaid.append(f"priority {value!r} (the option priority is the scheduler's own number)"
                      if isinstance(context, RxHpcServer) else f"priority {value!r}")


def _set_groups(context: RxClusterContext, value: Any, given: Dict[str, Any], unsaid: List[str]) -> None:
    groups = [one for one in ([value] if isinstance(value, str) else value) if one not in _ALL_NODES]
    if not groups:
        return
    if not context._group_option:
        unsaid.append("groups (choose a queue)")
    elif context._group_option in given:
        unsaid.append(f"groups beside {context._group_option}")
    else:
        context._put(context._group_option, groups)


def _set_email(context: RxClusterContext, value: Any, _: Dict[str, Any], unsaid: List[str]) -> None:
    if not context._is_option("mail_user"):
        unsaid.append("email")
        return
    context._put("mail_user", value)
    if context._mail_type and not context._core.engine_options.get("mail_type"):
        context._put("mail_type", context._mail_type)


def _set_nodes(context: RxClusterContext, value: Any, _: Dict[str, Any], unsaid: List[str]) -> None:
    if context._is_option("nodes"):
        context._put("nodes", value)
    else:
        unsaid.append("nodes")


def _set_template(context: RxClusterContext, value: Any, _: Dict[str, Any], unsaid: List[str]) -> None:
    if str(value).lower().endswith(".xml"):
        unsaid.append("config_file (templates of HPC Server; `template` names a submit script)")
    else:
        context._put("template", value)


_ORIGINALS: Dict[str, _Original] = {
    "head_node": lambda context, value, given, unsaid: setattr(context, "head_node", value),
    "working_dir": lambda context, value, given, unsaid: setattr(context, "working_dir", value),
    "min_elems": _set_elements,
    "max_elems": _set_elements,
    "email": _set_email,
    "nodes": _set_nodes,
    "groups": _set_groups,
    "config_file": _set_template,
}


class RxSlurm(RxClusterContext):
    """The Slurm that this machine's own commands reach; share_dir is a folder that its nodes see, too.

    Options by their names: partition, account, qos, time, memory, cpus_per_task, gres, constraint, extra ...;
    the page of the engine (src/engine/slurm/slurm.md) has all of them.

    >>> from errand import RxSlurm
    >>> context = RxSlurm(partition="main", time="10", memory="2G", cpus_per_task=2, wait=False)
    >>> RxSlurm(context, gres="gpu:1").gres
    'gpu:1'
    >>> context
    RxSlurm(wait=False, cpus_per_task='2', memory='2G', partition='main', time='10')
    """

    _name = "RxSlurm"
    _engine = "slurm"
    _mail_type = "END,FAIL"
    _group_option = "partition"
    _names = ("rxslurm", "slurm")


class RxHpcServer(RxSlurm):
    """RevoScaleR's context of a cluster, with its arguments; the cluster is a Slurm.

    Args:
        object: a context whose settings the new one takes over.
        head_node: recorded and compared by rx_get_jobs; the cluster is the one that this machine's commands reach.
        share_dir: a folder that the nodes see under the same path.
        working_dir: where the tasks run; by default the submitter's directory.
        nodes: names of the nodes that may be used: a list, or a string with commas.
        min_elems, max_elems: as many array elements at most; the number of tasks says how many there are.
        priority: 0 (lowest) to 4; 0 and 1 make the job nicer, an ordinary user cannot ask for more than 2.
        exclusive: no other job on the nodes.
        email: is told when the job ends.
        groups: partitions.
        config_file: the template of the submit script.
        revo_path, data_path, out_data_path, compute_on_head_node, data_dist_type, results_timeout: have no
            counterpart; what says something is mentioned in a warning, once.
        **settings: of RxSlurm and RxComputeContext: wait, console_output, auto_cleanup, partition, time ...

    >>> from errand import RxHpcServer
    >>> cluster = RxHpcServer(head_node="cluster-head", share_dir="/share/ada", working_dir="/home/ada", wait=False)
    >>> RxHpcServer(cluster, wait=True).head_node
    'cluster-head'
    """

    _name = "RxHpcServer"
    _names = ("rxhpcserver", "hpcserver")

    def __init__(self, object: Any = None, head_node: Optional[str] = None, revo_path: Optional[str] = None,
                 share_dir: Optional[str] = None, working_dir: Optional[str] = None, data_path: _Text = None,
                 out_data_path: _Text = None, wait: Optional[bool] = None, console_output: Optional[bool] = None,
                 config_file: Optional[str] = None, nodes: _Text = None, compute_on_head_node: Optional[bool] = None,
                 min_elems: Optional[int] = None, max_elems: Optional[int] = None, priority: Optional[int] = None,
                 exclusive: Optional[bool] = None, auto_cleanup: Optional[bool] = None,
                 data_dist_type: Optional[str] = None, packages_to_load: Optional[List[str]] = None,
                 email: Optional[str] = None, results_timeout: Optional[float] = None, groups: _Text = None,
                 **settings: Any) -> None:
        given = {name: value for name, value in locals().items()
                 if name not in ("self", "object", "settings", "priority") and not name.startswith("__")}
        super().__init__(object, **given, **settings)
        if priority is not None:
            unsaid: List[str] = []
            _set_priority(self, priority, {}, unsaid)
            self._say(unsaid)


class RxGridEngine(RxClusterContext):
    """The Grid Engine that this machine's own commands reach. Options by their names, as the engine has them.

    >>> from errand import RxGridEngine
    >>> RxGridEngine(wait=False)
    RxGridEngine(wait=False)
    """

    _name = "RxGridEngine"
    _engine = "gridengine"
    _mail_type = "ea"
    _names = ("rxgridengine", "gridengine", "sge")


class RxLsfCluster(RxClusterContext):
    """RevoScaleR's context of an LSF cluster. Options by their names, as the engine has them.

    >>> from errand import RxLsfCluster
    >>> RxLsfCluster(share_dir="/share/ada", wait=False)
    RxLsfCluster(wait=False, share_dir='/share/ada')
    """

    _name = "RxLsfCluster"
    _engine = "lsf"
    _group_option = "nodes"  # bsub -m takes names of host groups, too
    _names = ("rxlsfcluster", "lsf", "lsfcluster")


SlurmContext = RxSlurm
GridEngineContext = RxGridEngine
LsfContext = RxLsfCluster

CLASSES = {name: kind for kind in (RxSlurm, RxHpcServer, RxGridEngine, RxLsfCluster) for name in kind._names}


def class_of_engine(context: Any) -> Optional[type]:
    """The class for a context of the core, or None if its engine is no cluster's."""
    if context.engine == "slurm":
        return RxHpcServer if _HEAD_NODE in context.engine_options else RxSlurm
    return {"gridengine": RxGridEngine, "lsf": RxLsfCluster}.get(context.engine)
