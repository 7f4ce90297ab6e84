"""What Rust registers, what Python exports and what the stub declares are the same, and all of it is documented."""

from __future__ import annotations

import ast
import functools
import inspect
from pathlib import Path

import pytest

import industrydb
import industrydb.typing
from industrydb import _connect_async, _industrydb, exceptions

STUB = Path(__file__).parents[1] / "stubs" / "industrydb" / "_industrydb.pyi"
TREE = ast.parse(STUB.read_text(encoding="utf-8"))

Documented = ast.ClassDef | ast.FunctionDef


def declared(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that a stub's block defines."""
    names: dict[str, ast.stmt] = {}
    for statement in body:
        if isinstance(statement, Documented):
            names[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names[statement.target.id] = statement
    return names


STUB_NAMES = declared(TREE.body)
STUB_CLASSES = {name: node for name, node in STUB_NAMES.items() if isinstance(node, ast.ClassDef)}


def of_its_own(cls: type) -> set[str]:
    """A class's members beside those that every object has (and the cache that copying one leaves behind)."""
    return set(vars(cls)) - set(dir(object)) - {"__module__", "__del__", "__slotnames__"}


def test_the_stub_declares_what_rust_registers() -> None:
    registered = {name for name in vars(_industrydb) if not name.startswith("_")} | {"__version__"}
    assert registered == set(_industrydb.__all__)
    assert set(STUB_NAMES) == registered


def test_the_stub_exports_what_rust_exports() -> None:
    (exports,) = [
        ast.literal_eval(statement.value)
        for statement in TREE.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
    ]
    assert sorted(exports) == sorted(_industrydb.__all__)


def test_the_package_exports_all_of_it() -> None:
    in_python = {*exceptions.__all__, *_connect_async.__all__, "load_config"}
    assert set(industrydb.__all__) == set(_industrydb.__all__) | in_python
    assert all(hasattr(industrydb, name) for name in industrydb.__all__)


def test_registered_classes_are_those_of_the_stub() -> None:
    assert {name for name, value in vars(_industrydb).items() if inspect.isclass(value)} == set(STUB_CLASSES)


@pytest.mark.parametrize("name", STUB_CLASSES)
def test_members_are_those_of_the_stub(name: str) -> None:
    cls: type = getattr(_industrydb, name)
    assert of_its_own(cls) == set(declared(STUB_CLASSES[name].body)) - set(dir(object))


@pytest.mark.parametrize("name", STUB_CLASSES)
def test_a_class_can_not_be_subclassed_as_the_stub_says(name: str) -> None:
    assert "final" in {ast.unparse(decorator) for decorator in STUB_CLASSES[name].decorator_list}
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (getattr(_industrydb, name),), {})


def documented(prefix: str, names: dict[str, ast.stmt]) -> list[tuple[str, Documented]]:
    """What needs a docstring, members of classes included; protocols such as `__exit__` explain themselves."""
    found: list[tuple[str, Documented]] = []
    for name, node in names.items():
        if isinstance(node, Documented) and (not name.startswith("__") or name == "__new__"):
            found.append((prefix + name, node))
        if isinstance(node, ast.ClassDef):
            found += documented(f"{name}.", declared(node.body))
    return found


DOCUMENTED = documented("", STUB_NAMES)


@pytest.mark.parametrize(("path", "node"), DOCUMENTED, ids=[path for path, _ in DOCUMENTED])
def test_everything_is_documented(path: str, node: Documented) -> None:
    assert ast.get_docstring(node), f"{path} has no docstring in the stub"
    registered: object = functools.reduce(getattr, path.removesuffix(".__new__").split("."), _industrydb)
    assert registered.__doc__, f"{path} has no docstring in Rust"


def test_every_name_for_types_exists() -> None:
    assert all(hasattr(industrydb.typing, name) for name in industrydb.typing.__all__)


def test_the_package_is_marked_as_typed() -> None:
    assert industrydb.__file__ is not None
    package = Path(industrydb.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "_industrydb.pyi").read_text(encoding="utf-8") == STUB.read_text(encoding="utf-8")
