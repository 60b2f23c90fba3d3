# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What every source file owes its reader."""

import ast
import re
from statistics import median

LICENCE = "Copyright 2026 The re3_ros Authors\nSPDX-License-Identifier: Apache-2.0\n"
HEADED = {
    ".py",
    ".sh",
    ".bash",
    ".xml",
    ".cmake",
    ".yaml",
    ".yml",
    ".cfg",
    ".ini",
    ".toml",
    ".in",
    ".txt",
}
# Names of machines and of registries, put together so that this file does not hold them.
PRIVATE = [re.compile(re.escape("/".join(parts))) for parts in (("", "work", ""), ("", "root", ""))]
PRIVATE.append(re.compile(r"python" + r"hosted|pypi\." + "org"))


def functions(tree):
    kinds = ast.FunctionDef, ast.AsyncFunctionDef
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def is_public(node):
    return not node.name.startswith("_")


def public_definitions(body):
    """Yield public functions, classes and their public methods; not what is inside functions."""
    for node in body:
        if isinstance(node, ast.ClassDef) and is_public(node):
            yield node
            yield from public_definitions(node.body)
        elif isinstance(node, ast.FunctionDef) and is_public(node):
            yield node


def decorators(node):
    return {getattr(d, "attr", getattr(d, "id", "")) for d in node.decorator_list}


def test_licence_heads_every_source(root, files):
    def is_headed(path):
        head = path.read_text(encoding="utf-8")[:400]
        return LICENCE in re.sub(r"^(# |<!-- )|( -->)$", "", head, flags=re.MULTILINE)

    script = [p for p in files if p.suffix == "" and p.parent.name in {"scripts", ".ci"}]
    headed = [p for p in files if p.suffix in HEADED or p.name == "CMakeLists.txt"] + script
    assert len(headed) > 20
    assert not [str(p.relative_to(root)) for p in headed if not is_headed(p)]


def test_no_file_over_400_lines(root, files):
    lengths = {p: len(p.read_bytes().splitlines()) for p in files if p.suffix == ".py"}
    assert not {str(p.relative_to(root)): n for p, n in lengths.items() if n > 400}


def test_no_function_over_60_lines(root, files):
    long = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path in files
        if path.suffix == ".py"
        for node in functions(ast.parse(path.read_text(encoding="utf-8")))
        if node.end_lineno - node.lineno >= 60
    ]
    assert not long


def test_most_functions_fit_in_a_glance(modules):
    def length(node):
        body = node.body[ast.get_docstring(node) is not None :]
        return body[-1].end_lineno - body[0].lineno + 1 if body else 0

    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules]
    assert median(length(node) for tree in trees for node in functions(tree)) < 8


def test_everything_public_has_a_docstring(root, modules):
    bare = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path in modules
        for node in public_definitions(ast.parse(path.read_text(encoding="utf-8")).body)
        if ast.get_docstring(node) is None and not decorators(node) & {"overload", "override"}
    ]
    assert not bare


def test_every_signature_is_typed(root, modules):
    def untyped(node):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return node.returns is None or any(
            a.annotation is None for a in arguments if a.arg not in {"self", "cls"}
        )

    found = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path in modules
        for node in functions(ast.parse(path.read_text(encoding="utf-8")))
        if untyped(node)
    ]
    assert not found


def test_no_file_names_a_machine_or_a_registry(root, files):
    texts = {".safetensors", ".png", ".jpg", ".gif", ".mp4", ".npz", ".npy", ".db3", ".mcap"}
    found = [
        f"{path.relative_to(root)}: {pattern.search(text).group()}"
        for path in files
        if path.suffix not in texts
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for pattern in PRIVATE
        if pattern.search(text)
    ]
    assert not found
