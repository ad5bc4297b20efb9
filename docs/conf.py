"""Sphinx configuration: `make docs` builds the site into docs/_build/html; every warning is an error."""

import hashlib
import inspect
import os
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import qtrain  # noqa: E402

project = "qtrain"
author = "The qtrain authors"
copyright = "the qtrain authors"
version = release = qtrain.__version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "myst_nb",
    "qiskit_sphinx_theme",
    "from_qtrain",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]
suppress_warnings = ["myst.header"]  # CHANGELOG.md and CONTRIBUTING.md begin their sections where they like

html_theme = "qiskit-ecosystem"
html_title = f"qtrain {release}"
html_static_path = ["_static"]
html_css_files = ["qtrain.css"]
html_copy_source = False
html_show_sphinx = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = False

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = True
autosummary_imported_members = True
napoleon_use_ivar = True
napoleon_use_rtype = False


def _digest() -> str:
    """Of the package: notebooks are executed again when any of it changed, not only their own text."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "qtrain").rglob("*.py*")):
        if path.suffix in (".py", ".pyi"):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / f"executed-{_digest()}")
nb_execution_in_temp = True
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
# What notebooks write (registry, studies, files) is gone with the build; they read files that docs/ ships.
os.environ["QTRAIN_HOME"] = tempfile.mkdtemp(prefix="qtrain-docs-")
os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # tqdm asks for widgets, which no page here has
os.environ["QTRAIN_DOCS"] = str(HERE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))


COLON = "\ue000"


def _items(obj, lines):
    """Items of "Args:" and "Attributes:" that share a line ("seeds: of the runs. data: ...") get lines of their own."""
    try:
        names = set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        names = set()
    names |= set(getattr(obj, "__annotations__", {})) | {name for name in dir(obj) if not name.startswith("__")}
    found, inside = [], False
    for line in lines:
        if re.fullmatch(r"(Args|Attributes):", line.strip()):
            inside = True
        elif line and not line.startswith(" "):
            inside = False
        indent = line[: len(line) - len(line.lstrip())]
        known = r"(?:[a-z]\w*, )*[a-z]\w*: "
        for part in re.split(rf"(?<=[.;]) (?={known})", line.strip()) if inside else [line.strip()]:
            head = re.match(known, part)
            listed = head[0].rstrip(": ").split(", ") if inside and head else []
            if listed and all(name in names or name.endswith("_") for name in listed):
                found += [f"    {name}: {part[head.end():].rstrip(';')}" for name in listed]
            else:
                found.append(indent + part if part is not line.strip() else line)
    lines[:] = found


def _plain_text(app, what, name, obj, options, lines):
    """Docstrings are read as text first: kets, absolute values and names that end in _ mean nothing to docutils."""
    if what == "property":  # napoleon would take what stands before a colon for its type
        lines[:1] = [line.replace(":", COLON) for line in lines[:1]]
    _items(obj, lines)
    for k, line in enumerate(lines):
        if line.lstrip().startswith((">>>", "...")):
            continue
        parts = re.split(r"(``.*?``|:\w+:`.*?`)", line)
        for j in range(0, len(parts), 2):
            text = parts[j].replace("|", "\\|")
            parts[j] = re.sub(r"\b([A-Za-z]\w*)_(?!\w)", r"\1\\_", text)
        lines[k] = "".join(parts)


def _colons(app, what, name, obj, options, lines):
    lines[:] = [line.replace(COLON, ":") for line in lines]


def _skip_member(app, what, name, obj, skip, options):
    """scikit-learn's routing of metadata is not what a reader looks for here."""
    return True if name == "get_metadata_routing" or re.fullmatch(r"set_\w+_request", name) else skip


def setup(app):
    app.connect("autodoc-process-docstring", _plain_text, priority=400)
    app.connect("autodoc-process-docstring", _colons, priority=900)
    app.connect("autodoc-skip-member", _skip_member)
