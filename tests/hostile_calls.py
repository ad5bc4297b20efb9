"""Command lines that are wrong, as data: what is called, with which exit code it ends, a word that its sentence has.

``{name}`` in a row is a file of :func:`make_files`. Rows are products of short tables: a base call that would succeed,
and one thing in it that is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.library import real_amplitudes

from qtrain.architecture.catalogue import hva_tfim
from qtrain.registry.registry import RegistryEntry, register
from qtrain.shadows.data import Shadows

SPEC = 'name = "s"\nqubits = 3\ntrials = 2\nbatch = 2\n[task]\nkind = "tfim"\n[training]\nsteps = 2\nstarts = 1\n'
HEAD2, HEAD3 = 'OPENQASM 2.0; include "qelib1.inc";', 'OPENQASM 3.0; include "stdgates.inc";'
DEEP, LONG = "[" * 100_000, "1" * 5000


FUNCTIONS = """
from qiskit import QuantumCircuit
from qiskit.circuit.library import real_amplitudes
VALUE = 3
def raises(n): raise RuntimeError("mine")
def ends(n): exit(0)
def none(n): return None
def same(n): return real_amplitudes(2, reps=1)
def wider(n): return real_amplitudes(n + 1, reps=1)
def fixed(n): return QuantumCircuit(n)
def two(n, m): return real_amplitudes(n, reps=m)
def deep(n): return deep(n)
"""


def bomb(head: str, levels: int) -> str:
    gates = "".join(f"gate g{k + 1} a {{ g{k} a; g{k} a; }}" for k in range(levels))
    register = "qreg q[1];" if head is HEAD2 else "qubit[1] q;"
    return f"{head} gate g0 a {{ h a; }} {gates} {register} rx(0.3) q[0]; g{levels} q[0];"


def make_files() -> None:
    """In the working folder: what is fine, and what is not."""
    good = qasm3.dumps(real_amplitudes(2, reps=1))
    with open("good.qpy", "wb") as file:
        qpy.dump(real_amplitudes(2, reps=1), file)
    data = Path("good.qpy").read_bytes()
    named = QuantumCircuit(2)
    named.ry(Parameter("red \x1b[31mname\x07"), 0)
    with open("colour.qpy", "wb") as file:
        qpy.dump(named, file)
    with open("two.qpy", "wb") as file:
        qpy.dump([named, named], file)
    texts = {
        "good.qasm": good, "empty.qasm": "", "blank.qasm": " \n\t\n", "comment.qasm": "// nothing\n",
        "cut.qasm": good[: len(good) // 2], "version.qasm": "OPENQASM 4.0; qubit q;", "words.qasm": "to be or not to be",
        "bomb2.qasm": bomb(HEAD2, 60), "bomb3.qasm": bomb(HEAD3, 60), "bomb25.qasm": bomb(HEAD2, 25),
        "loop3.qasm": HEAD3 + "qubit q; for int i in [0:999999999] { h q; }",
        "loops3.qasm": HEAD3 + "qubit q; " + "for int i in [0:999] { " * 4 + "h q;" + " }" * 4,
        "power3.qasm": HEAD3 + "qubit q; rx(0.3) q; pow(1000000000) @ h q;",
        "wide2.qasm": HEAD2 + "qreg q[999999999]; h q[0];", "wide3.qasm": HEAD3 + "qubit[999999999] q; h q[0];",
        "huge2.qasm": HEAD2 + "qreg q[1" + "0" * 400 + "]; h q[0];", "nan2.qasm": HEAD2 + "qreg q[1]; rx(0/0) q[0];",
        "long2.qasm": HEAD2 + "qreg q[1]; rx(0.3) q[0]; h q[" + "9" * 30 + "];", "deep3.qasm": HEAD3 + "qubit q; rx(" + "(" * 3000 + "1" + ")" * 3000 + ") q;",
        "noqubits.qasm": HEAD3, "fixed.qasm": HEAD3 + "qubit q; h q;", "unknown.qasm": HEAD2 + "qreg q[1]; frob q[0];",
        "outside.qasm": HEAD2 + "qreg q[1]; h q[5];", "include.qasm": HEAD2 + 'include "/etc/passwd"; qreg q[1]; h q[0];',
        "middle.qasm": HEAD2 + "qreg q[1]; creg c[1]; rx(0.3) q[0]; measure q[0] -> c[0]; h q[0];",
        "reset.qasm": HEAD2 + "qreg q[1]; rx(0.3) q[0]; reset q[0]; rx(0.1) q[0];",
        "if.qasm": HEAD2 + "qreg q[1]; creg c[1]; rx(0.3) q[0]; measure q[0]->c[0]; if(c==1) x q[0];",
        "escape.qasm": HEAD2 + "qreg q[1]; fr\x1b[31mob q[0];", "circuit.txt": good, "circuit": good,
        "good.json": "[0.1, 0.2, 0.3, 0.4]", "empty.json": "", "deep.json": DEEP, "closed.json": DEEP + "]" * 100_000,
        "object.json": '{"a":' * 5000 + "1" + "}" * 5000, "long.json": f"[{LONG}]", "big.json": "[" + "1" * 400 + ",1,1,1]",
        "inf.json": "[1e999, 1, 1, 1]", "nan.json": "[NaN, 1, 1, 1]", "text.json": '"text"', "null.json": "null",
        "few.json": "[1]", "many.json": "[1,1,1,1,1]", "nested.json": "[[1,1,1,1]]", "strings.json": '["1","1","1","1"]',
        "bools.json": "[true,true,true,true]", "names.json": '{"x": 1}', "comma.json": "[1,1,1,1,]", "two.json": "[1] [2]",
        "head.csv": "a,b\n", "words.csv": "a,b\nc,d\n", "empty.csv": "", "ragged.csv": "1\n1,2\n", "nan.csv": "nan\n1\n",
        "inf.csv": "1e999\n", "wide.csv": "1,2,3\n4,5,6\n", "huge.csv": "1e308\n-1e308\n", "good.csv": "1\n2\n",
        "one.csv": "a,label\n", "label.csv": "label\nx\ny\n", "text.csv": "a,label\nfoo,x\nbar,y\n",
        "big.csv": "a,label\n" + "1e308,x\n-1e308,y\n" * 20, "same.csv": "a,label\n" + "1,x\n" * 20,
        "observable.txt": "ZZ", "blank.txt": " \n", "letters.txt": "ZQ", "good.toml": SPEC, "empty.toml": "", "words.toml": "to be",
        "deep.toml": "a = " + DEEP, "long.toml": f"qubits = {LONG}", "big.toml": SPEC.replace("qubits = 3", "qubits = " + "9" * 400),
        "dots.toml": "a" + ".a" * 20_000 + " = 1", "twice.toml": SPEC + 'name = "t"\n', "page.html": "<!doctype html>\n",
        "stranger.html": "dear diary", "stranger.png": "dear diary", "stranger.json": "dear diary", "report.json": "{}",
        "classes.csv": "a,label\n" + "".join(f"{k % 7},{'xy'[k % 2]}\n" for k in range(30)), "studies.journal": "dear diary", "compared.json": "dear diary", "family.py": FUNCTIONS, "ends.py": "exit(0)", "broken.py": "def (",
    }  # fmt: skip
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    for name, content in {
        "binary.qasm": b"\xff\xfe\x00\x01", "binary.json": b"\xff\xfe\x00", "binary.csv": b"\xff\xfe", "binary.toml": b"\xff\xfe",
        "binary.txt": b"\xff", "cut.qpy": data[:40], "head.qpy": data[:8], "empty.qpy": b"", "words.qpy": b"dear diary",
        "zeros.qpy": b"\0" * 500, "tail.qpy": data[:-30], "swapped.qpy": data[:60] + b"\xff" * 16 + data[76:],
        "zero.qasm": b"\0" * 100, "mark.toml": b"\xef\xbb\xbf" + b"trials = ",
    }.items():  # fmt: skip
        Path(name).write_bytes(content)
    make_arrays()
    for name in ("folder", "folder.npz", "folder.qasm", "folder.qpy", "folder.json", "folder.csv", "folder.toml", "folder.html", "folder.png"):
        Path(name).mkdir()
    for ending in ("qasm", "qpy", "json", "csv", "toml", "html", "png", "txt", "npz"):
        Path(f"circle.{ending}").symlink_to(f"circle.{ending}")
        Path(f"dangling.{ending}").symlink_to(f"nowhere/at.{ending}")
    changes: dict[str, dict[str, object]] = {
        "qubits": {"qubits": 0}, "wide": {"qubits": 10**9}, "half": {"qubits": 2.5}, "yes": {"qubits": True}, "noname": {"name": ""},
        "path": {"name": "../x"}, "colour": {"name": "a\x1b[31m"}, "notrials": {"trials": 0}, "seed": {"seed": -1}, "bigseed": {"seed": 2**63},
        "batch": {"batch": 10**9}, "sampler": {"sampler": "magic"}, "kind": {"task": {"kind": "magic"}}, "task": {"task": 3},
        "nokind": {"task": {}}, "extra": {"wat": 1}, "layers": {"space": {"layers": [9]}}, "reps": {"space": {"repetitions": 10**9}},
        "norep": {"space": {"repetitions": []}}, "pool": {"space": {"pools": ["magic"]}}, "uploads": {"space": {"uploads": [10**9]}},
        "steps": {"training": {"steps": 0}}, "rate": {"training": {"learning_rate": -1.0}}, "start": {"start": ["nowhere.qasm"]},
        "halving": {"training": {"halving": 0}}, "init": {"training": {"initialization": "cold"}}, "memory": {"limits": {"memory_mb": 1}},
        "use": {"objectives": {"use": ["magic"]}}, "nouse": {"objectives": {"use": []}}, "twice": {"objectives": {"use": ["task_loss"] * 2}},
        "limit": {"constraints": {"max_magic": 1.0}}, "share": {"growth": {"share": 2.0}}, "device": {"device": {"name": "FakeNowhere"}},
        "edges": {"device": {"edges": [[0, 0]]}}, "rule": {"winner": {"rule": "magic"}}, "extension": {"extensions": ["no_such_module"]},
        "terms": {"task": {"kind": "hamiltonian", "terms": "ZQ"}}, "termfile": {"task": {"kind": "hamiltonian", "file": "nowhere.json"}},
        "termdeep": {"task": {"kind": "hamiltonian", "file": "deep.json"}}, "molecule": {"task": {"kind": "molecule", "file": "deep.json"}},
        "nocsv": {"task": {"kind": "classification", "data": "csv", "file": "nowhere.csv", "label": "label"}},
        "onecsv": {"task": {"kind": "classification", "data": "csv", "file": "one.csv", "label": "label"}},
        "labelcsv": {"task": {"kind": "classification", "data": "csv", "file": "label.csv", "label": "label"}},
        "textcsv": {"task": {"kind": "classification", "data": "csv", "file": "text.csv", "label": "label"}},
        "bigcsv": {"task": {"kind": "classification", "data": "csv", "file": "big.csv", "label": "label"}},
        "samecsv": {"task": {"kind": "classification", "data": "csv", "file": "same.csv", "label": "label"}},
        "bincsv": {"task": {"kind": "classification", "data": "csv", "file": "binary.csv", "label": "label"}},
        "dircsv": {"task": {"kind": "classification", "data": "csv", "file": "folder.csv", "label": "label"}},
        "circlecsv": {"task": {"kind": "classification", "data": "csv", "file": "circle.csv", "label": "label"}},
        "shape": {"device": {"shape": "magic"}}, "shapes": {"device": {"shape": "line", "edges": [[0, 1]]}}, "shaped": {"device": {"shape": 3}},
        "field": {"task": {"kind": "tfim", "field": float("inf")}}, "fieldtext": {"task": {"kind": "tfim", "field": "x"}},
    }  # fmt: skip
    for name, change in changes.items():
        spec: dict[str, object] = {"name": "s", "qubits": 3, "trials": 2, "task": {"kind": "tfim"}, **change}
        Path(f"spec-{name}.toml").write_text(toml(spec), encoding="utf-8")
    register(RegistryEntry("fine", hva_tfim(), 4))
    home = Path("qtrain-home")
    written = json.loads((home / "fine.json").read_text())
    for name, text in {
        "deep": DEEP, "long": '{"format": ' + LONG + "}", "cut": "{", "list": "[]", "newer": json.dumps(written | {"format": 99}),
        "words": "dear diary", "bare": "{}", "qubits": json.dumps(written | {"name": "qubits", "num_qubits": -1}),
        "changed": json.dumps(written | {"name": "changed", "observable": "ZZZZ"}),
        "figures": json.dumps(written | {"name": "figures", "objectives": {"task_loss": 0.0}}),
        "layers": json.dumps(written | {"name": "layers", "architecture": {**written["architecture"], "repetitions": 3}}),
        "other": json.dumps(written),
    }.items():  # fmt: skip
        (home / f"{name}.json").write_text(text)
    (home / "binary.json").write_bytes(b"\xff\xfe\x00")


def make_arrays() -> None:
    """Shadows and data sets in .npz files: two of shadows that are fine, and what is none."""
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    with open("bell.qpy", "wb") as file:
        qpy.dump(bell, file)
    for name, seed, n in (("shadows.npz", 1, 2), ("others.npz", 2, 2), ("narrow.npz", 3, 1)):
        Shadows(np.full((6, n), 2), np.zeros((6, n), int), seeds=(seed,)).save(name)
    whole = Path("shadows.npz").read_bytes()
    for name, content in {
        "cut.npz": whole[:200], "empty.npz": b"", "words.npz": b"dear diary", "zeros.npz": b"\0" * 500,
        "swapped.npz": whole[:300] + b"\xff" * 8 + whole[308:],
    }.items():  # fmt: skip
        Path(name).write_bytes(content)
    two = [0, 1] * 5
    arrays = {
        "arrays": ([[1.0]], [1]), "object": (np.array([object()]), [1]), "inf": ([[np.inf]] * 10, two), "rows": ([[1.0]] * 10, [0, 1]),
        "text": ([["a"]] * 10, two), "cube": (np.zeros((10, 2, 2)), two), "norms": (np.ones((10, 4), complex), two),
    }  # fmt: skip
    for name, (x, y) in arrays.items():
        np.savez(f"{name}.npz", X=x, y=y)


def toml(data: dict[str, object], table: str = "") -> str:
    """Plain data as TOML: numbers, texts and lists of them, and tables."""
    own = "".join(f"{key} = {json.dumps(value).replace('Infinity', 'inf')}\n" for key, value in data.items() if not isinstance(value, dict))
    inner = "".join(toml(value, f"{table}{key}.") for key, value in data.items() if isinstance(value, dict))
    return (f"[{table[:-1]}]\n" if table else "") + own + inner


GOOD = ["diagnose", "good.qasm", "-O", "IZ"]
REPORT = ["report", "good.qasm", "-O", "IZ", "-o", "new.html"]
SEARCH = ["search", "good.toml", "--tracking-uri", "off"]
COMPARE = ["compare", "good.toml", "-o", "new.json"]
IMPROVE = ["improve", "good.qasm", "-O", "IZ"]
SCALING = ["scaling", "efficient_su2", "-O", "Z0"]
MOLECULE = ["molecule", "H 0 0 0; H 0 0 1", "-o", "new.json"]

# What is no circuit, and a word about why not.
CIRCUITS = {
    "nowhere.qasm": "exists", "folder.qasm": "exists", "folder.qpy": "exists", "folder": "file", "circuit": "file", "circuit.txt": "file",
    "circle.qasm": "exists", "dangling.qpy": "exists", "empty.qasm": "empty", "blank.qasm": "empty", "comment.qasm": "empty",
    "cut.qasm": "sound", "version.qasm": "version 4", "words.qasm": "sound", "bomb2.qasm": "gates", "bomb3.qasm": "gates",
    "bomb25.qasm": "gates", "loop3.qasm": "unroll", "loops3.qasm": "unroll", "power3.qasm": "gates", "wide2.qasm": "bits", "wide3.qasm": "bits",
    "huge2.qasm": "bits", "long2.qasm": "64 bits", "nan2.qasm": "", "deep3.qasm": "", "noqubits.qasm": "qubit", "fixed.qasm": "parameter", "unknown.qasm": "frob",
    "outside.qasm": "sound", "include.qasm": "include", "middle.qasm": "measurement", "reset.qasm": "reset", "if.qasm": "",
    "escape.qasm": "sound", "binary.qasm": "UTF-8", "zero.qasm": "", "cut.qpy": "", "head.qpy": "cut off", "empty.qpy": "",
    "words.qpy": "", "zeros.qpy": "", "tail.qpy": "", "swapped.qpy": "", "two.qpy": "2 circuits", "": "file", "x\x00y.qasm": "file",
    "a" * 300 + ".qasm": "file", "/dev/zero": "file", "/dev/null": "file", "-": "file",
}  # fmt: skip
OBSERVABLES = {
    "": "empty", " ": "empty", "ZZZ": "letters", "Z": "letters", "ZQ": "unreadable", "zz": "unreadable", "1e999*ZZ": "finite",
    "1e308*ZZ": "rescale", "1e-320*ZZ": "rescale", "1e200*ZZ + 1e200*II": "rescale", "nan*ZZ": "unreadable", "0*ZZ": "constant 0",
    "II": "constant 1", "3*II": "constant 3", "ZZ - ZZ": "constant 0", "ZZ +": "unreadable", "ZZ ZZ": "unreadable", "Z0 Z0": "once",
    "Z9": "qubits 0 to 1", "Z99999999999": "qubits 0 to 1", "i*ZZ": "unreadable", "ZZ; rm": "unreadable", "Ź": "unreadable",
    "\x1b[31mZZ": "unreadable", "Z" * 5000: "letters", "@nowhere.txt": "readable", "@folder": "folder", "@binary.txt": "UTF-8",
    "@blank.txt": "empty", "@letters.txt": "unreadable", "@circle.txt": "links", "@": "",
}  # fmt: skip
ANGLES = {
    "nowhere.json": "readable", "folder.json": "folder", "circle.json": "links", "dangling.json": "readable", "binary.json": "UTF-8",
    "empty.json": "JSON", "deep.json": "nested", "closed.json": "nested", "object.json": "nested", "long.json": "digits", "big.json": "bits",
    "inf.json": "finite", "nan.json": "finite", "text.json": "numbers", "null.json": "numbers", "few.json": "4 angles", "many.json": "4 angles",
    "nested.json": "numbers", "strings.json": "numbers", "bools.json": "numbers", "names.json": "missing", "comma.json": "JSON", "two.json": "JSON",
}  # fmt: skip
POINTS = {
    "nowhere.csv": "readable", "folder.csv": "folder", "circle.csv": "links", "binary.csv": "UTF-8", "empty.csv": "empty",
    "head.csv": "header", "words.csv": "header", "ragged.csv": "as many", "nan.csv": "finite", "inf.csv": "finite", "wide.csv": "columns",
    "huge.csv": "1e+150",
}  # fmt: skip
WHOLE = {"x": "integer", "": "integer", "1.5": "integer", "1e9": "integer", "NaN": "integer", "٣x": "integer"}
SHOTS = {**WHOLE, "0": "shots", "-1": "shots", "9" * 30: "shots"}
SEEDS = {**WHOLE, "-1": "seed", "9" * 30: "seed"}
SECONDS = {"x": "number", "": "number", "0": "seconds", "-1": "seconds", "nan": "seconds"}
NOISE = {
    "1.5": "between 0 and 1", "-0.1": "between 0 and 1", "nan": "", "inf": "", "{": "JSON", "{1}": "JSON", '{"a":' + DEEP: "nested",
    '{"readout":' + LONG + "}": "digits", '{"readout": 2}': "", '{"magic": 0.1}': "", "FakeNowhere": "FakeTorino", "": "", "[0.1]": "",
}  # fmt: skip
STARTS = {"cold": "initialization", "": "initialization", "gaussian": "width", "gaussian:": "width", "gaussian:x": "width", "gaussian:-1": "width",
          "gaussian:nan": "width", "small:inf": "width", "uniform:1": "no width", "small:0": "width"}  # fmt: skip
CONDITIONS = {"": "read like", "dead": "read like", "dead > ": "read like", "alive > 1": "name one of", "dead > x": "number", "dead > nan": "number",
              "dead >> 1": "read like", "> 1": "read like", "dead = 1": "read like"}  # fmt: skip
FIGURES = {"f.txt": ".png", "f": ".png", "nowhere/f.png": "folder that exists", "folder.png": "folder", "stranger.png": "something else",
           "circle.png": "circle", "": ".png", "a" * 300 + ".png": ""}  # fmt: skip
PAGES = {"p.txt": ".html", "nowhere/p.html": "folder that exists", "folder.html": "folder", "stranger.html": "something else",
         "circle.html": "circle", "good.qasm": "another file", "": "", "/no/folder/p.html": "folder that exists"}  # fmt: skip
SPECS = {
    "nowhere.toml": "exists", "folder.toml": "folder", "circle.toml": "links", "dangling.toml": "", "binary.toml": "UTF-8", "empty.toml": "name",
    "words.toml": "TOML", "deep.toml": "nested", "long.toml": "digits", "big.toml": "bits", "dots.toml": "dots", "twice.toml": "training.name",
    "mark.toml": "TOML", "good.qasm": "TOML", "": "", "spec-qubits.toml": "qubits", "spec-wide.toml": "qubits", "spec-half.toml": "qubits",
    "spec-yes.toml": "qubits", "spec-noname.toml": "name", "spec-path.toml": "name", "spec-colour.toml": "name", "spec-notrials.toml": "trials",
    "spec-seed.toml": "seed", "spec-bigseed.toml": "seed", "spec-batch.toml": "batch", "spec-sampler.toml": "sampler", "spec-kind.toml": "kind",
    "spec-task.toml": "task", "spec-nokind.toml": "kind", "spec-extra.toml": "wat", "spec-layers.toml": "layers", "spec-reps.toml": "repetitions",
    "spec-norep.toml": "repetitions", "spec-pool.toml": "pool", "spec-uploads.toml": "uploads", "spec-steps.toml": "steps",
    "spec-rate.toml": "learning_rate", "spec-start.toml": "nowhere.qasm", "spec-halving.toml": "halving", "spec-init.toml": "initialization",
    "spec-memory.toml": "memory_mb", "spec-use.toml": "use", "spec-nouse.toml": "use", "spec-twice.toml": "repeat", "spec-limit.toml": "max_magic",
    "spec-share.toml": "share", "spec-device.toml": "FakeNowhere", "spec-edges.toml": "edges", "spec-rule.toml": "rule",
    "spec-extension.toml": "no_such_module", "spec-terms.toml": "", "spec-termfile.toml": "nowhere.json", "spec-termdeep.toml": "OpenFermion",
    "spec-molecule.toml": "nested", "spec-nocsv.toml": "CSV", "spec-onecsv.toml": "line", "spec-labelcsv.toml": "features",
    "spec-textcsv.toml": "numbers", "spec-bigcsv.toml": "1e+150", "spec-samecsv.toml": "classes", "spec-bincsv.toml": "UTF-8",
    "spec-shape.toml": "shape", "spec-shapes.toml": "shape", "spec-shaped.toml": "shape", "spec-dircsv.toml": "folder", "spec-circlecsv.toml": "links", "spec-field.toml": "field", "spec-fieldtext.toml": "field",
}  # fmt: skip
NAMES = {
    "nothing": "registered", "../../etc/passwd": "a-z", "": "a-z", "UPPER": "a-z", "a b": "a-z", "default": "reserved", "con": "reserved",
    "a" * 65: "a-z", "deep": "nested", "long": "digits", "cut": "JSON", "list": "object", "newer": "format 99", "words": "JSON", "bare": "without",
    "qubits": "num_qubits", "changed": "altered", "figures": "altered", "layers": "altered", "other": "fine", "binary": "UTF-8", "ümlaut": "a-z",
    "x\x1b[31m": "a-z", "x\x00": "a-z",
}  # fmt: skip
URIS = {"http://127.0.0.1:9": "answers", "file:///tmp/x": "database or server", "": "URI", "mlruns": "database or server", "ftp://x": "database or server",
        "sqlite:///good.qasm/x.db": "answers", "sqlite:///folder": "answers", "http://127.0.0.1:99999999": "answers", "http://no.such.host.invalid": "answers"}  # fmt: skip
GEOMETRIES = {"": "", "H": "", "Xx 0 0 0": "", "H 0 0": "", "H 0 0 x": "", "H 0 0 0; H 0 0 0": "", "H 0 0 nan": "", "H 0 0 1e999": ""}
SIZES = {"": "sizes", "x": "sizes", "0": "sizes", "8-4": "sizes", "3.5,4": "sizes", "4": "at least 4", "4,5": "at least 4", "4,4,4,4": "at least 4",
         "1-9999": "at most 100", "99999": "sizes", "-1": "sizes"}  # fmt: skip
SIZED = {"": "empty", "I": "every width", "ZQ": "every width", "Z^m": "every width", "1e308*Z0": "rescale", "@nowhere.txt": "readable"}
FAMILIES = {
    "magic": "family", "": "family", "efficient_su": "did you mean", "nothing": "family", "changed": "altered", "deep": "nested",
    "nowhere.toml": "readable", "deep.toml": "nested", "good.toml": "architecture", "empty.toml": "layer", "folder.toml": "folder",
    "deep.json": "nested", "report.json": "layer", "folder.json": "folder", "circle.json": "links", "nowhere.qasm": "exists", "bomb3.qasm": "gates",
    "cut.qpy": "", "family:raises": "mine", "family:ends": "SystemExit", "family:none": "NoneType", "family:same": "of 2", "family:wider": "of 5",
    "family:fixed": "parameters", "family:two": "argument", "family:deep": "recursion", "family:VALUE": "function", "family:missing": "function",
    "family:": "function", ":raises": "module", "no_such_module:f": "no_such_module", "family.py:raises": "mine", "nowhere.py:f": "nowhere.py",
    "ends:f": "SystemExit", "broken:f": "SyntaxError", "os:system": "", "os:getcwd": "",
}  # fmt: skip
OPTIONS = {"reps": "reps=3", "=3": "reps=3", "reps=": "whole number", "reps=-1": "whole number", "reps=x": "whole number", "reps=1.5": "whole number",
           "reps=1000000000": "whole number", "reps=true": "whole number", "reps=[": "list", "entanglement=magic": "magic", "entanglement=3": "word",
           "entanglement=": "word", "entanglement=[[0,99]]": "0 to 3", "su2_gates=frob": "frob", "su2_gates=3": "word", "magic=3": "magic",
           "skip_final_rotation_layer=3": "true or false", "reps=" + LONG: "whole number"}  # fmt: skip
ROWS_OF_EDITS = {"-1": "apply", "x": "integer", "1.5": "integer", "1000000": "row"}
CIRCUIT_FILES = {"nowhere/x.qasm": "folder that exists", "x.txt": ".qasm", "x": ".qasm", "good.qasm": "another file", "folder.qasm": "folder",
                 "circle.qpy": "circle", "": ".qasm", "words.qasm": "something else", "/no/folder/x.qpy": "folder that exists"}  # fmt: skip
COLLECT = ["shadows", "collect", "bell.qpy", "-o", "new.npz", "--shots", "32"]
ADD = ["shadows", "add", "shadows.npz", "others.npz"]
AUDIT = ["audit", "classes.csv", "--seconds", "2"]
PRETRAIN = ["pretrain", "good.qasm", "-H", "ZZ", "--steps", "2"]
FEW_CIRCUITS = ("nowhere.qasm", "folder.qpy", "circle.qasm", "bomb3.qasm", "cut.qasm", "binary.qasm", "words.qpy", "two.qpy", "")
# What is no file of shadows, and where none can be written.
SHADOWS = {
    "nowhere.npz": "No such file", "folder.npz": "folder", "circle.npz": "links", "dangling.npz": "No such file", "cut.npz": "damaged", "empty.npz": "damaged",
    "words.npz": "damaged", "zeros.npz": "damaged", "swapped.npz": "", "arrays.npz": "another kind", "object.npz": "another kind", "good.qasm": ".npz",
    "": ".npz", "x\x00.npz": "null byte", "a" * 300 + ".npz": "name too long", "/dev/null": ".npz",
}  # fmt: skip
PLACES = {name: word for name, word in SHADOWS.items() if name not in ("nowhere.npz", "dangling.npz", "empty.npz")}
PLACES |= {"dangling.npz": "", "words.npz": "something else", "arrays.npz": "something else", "cut.npz": "something else", "zeros.npz": "something else",
           "object.npz": "something else", "swapped.npz": "", "x\x00.npz": "", "a" * 300 + ".npz": "", "good.qasm": "", "": "", "/dev/null": "", "nowhere/x.npz": "folder that exists"}  # fmt: skip
DATA_SETS = {
    "nowhere.npz": ".npz", "folder.npz": "folder", "circle.npz": "links", "cut.npz": ".npz", "words.npz": ".npz", "object.npz": ".npz", "shadows.npz": ".npz",
    "rows.npz": "", "inf.npz": "finite", "text.npz": "numbers", "cube.npz": "", "norms.npz": "normalised", "arrays.npz": "", "irises": "iris",
    "": "iris", "nowhere.csv": "", "folder.csv": "folder", "circle.csv": "links", "binary.csv": "UTF-8", "empty.csv": "", "head.csv": "", "one.csv": "",
    "label.csv": "features", "text.csv": "numbers", "big.csv": "1e+150", "good.toml": ".csv",
}  # fmt: skip
Row = tuple[list[str], int, str]


def wrong(base: list[str], option: str, values: dict[str, str]) -> list[Row]:
    return [([*base, option, value], 2, word) for value, word in values.items()]


def placed(before: list[str], values: dict[str, str], after: list[str]) -> list[Row]:
    """As an argument, not an option."""
    return [([*before, "--", value] if not after else [*before, value, *after], 2, word) for value, word in values.items()
            if after == [] or not value.startswith("-")]  # fmt: skip


ROWS: list[Row] = [
    *placed(["diagnose"], CIRCUITS, ["-O", "IZ", "--keep-angles"]),
    *wrong(GOOD[:2], "-O", OBSERVABLES),
    *wrong(GOOD, "--at", ANGLES),
    *wrong([*GOOD, "--inputs", "θ[0]"], "--data", POINTS),
    *wrong(GOOD, "--shots", SHOTS),
    *wrong(GOOD, "--seed", SEEDS),
    *wrong(GOOD, "--seconds", SECONDS),
    *wrong(GOOD, "--noise", NOISE),
    *wrong(GOOD, "--initialization", STARTS),
    *wrong(GOOD, "--fail-if", CONDITIONS),
    *wrong(GOOD, "--figure", FIGURES),
    *wrong(GOOD, "--against", {name: word for name, word in CIRCUITS.items() if name in ("nowhere.qasm", "bomb3.qasm", "cut.qpy", "binary.qasm")}),
    (["diagnose"], 2, "file"), (["diagnose", "good.qasm"], 2, "--observable"), ([*GOOD, "--wat"], 2, "--wat"), ([*GOOD, "more"], 2, "more"),
    ([*GOOD, "--data", "good.csv"], 2, "inputs"), ([*GOOD, "--inputs", "zzz"], 2, "zzz"), ([*GOOD, "--shots"], 2, "--shots"),
    ([*GOOD, "--fail-if", "dead > 0"], 1, "holds"), (["diagnose", "colour.qpy", "-O", "IZ", "--at", "few.json", "--fail-if", "parameters == 1"], 1, "holds"),
    *wrong(REPORT[:-2], "-o", PAGES),
    *placed(["report"], {"nothing": "", "deep": "nested", "nowhere.qasm": "", "bomb2.qasm": "gates", "folder.qasm": "", "changed": "altered"}, ["-O", "IZ", "-o", "new.html"]),
    (["report", "good.qasm", "-o", "new.html"], 2, "observable"), (["report", "good.qasm", "-O", "IZ"], 2, "--output"),
    *wrong(REPORT, "--shots", {"0": "shots", "x": "integer"}), *wrong(REPORT, "--noise", {"nan": "", "{": "JSON"}),
    *placed(["report"], {"report.json": "saved report", "deep.json": "nested", "stranger.json": "JSON", "studies.journal": "Got studies.journal"}, ["-o", "new.html"]),
    *wrong(REPORT, "--against", {"nowhere.qasm": "exists", "bomb3.qasm": "gates", "deep.json": "nested", "nothing": "registered", "": "a-z"}),
    (["report", "good.toml", "-o", "new.html"], 2, "journal"), (["report", "good.toml", "-o", "new.html", "--improve"], 2, "study"),
    (["report", "s", "-o", "new.html", "--storage", "nowhere.journal"], 2, "journal"), (["report", "s", "-o", "new.html", "--storage", "sqlite:///nowhere/x.db"], 2, "exists"),
    (["report", "cut.json", "-o", "new.html", "--improve"], 2, "readable"),
    *placed(["improve"], {name: CIRCUITS[name] for name in ("nowhere.qasm", "folder.qasm", "bomb3.qasm", "cut.qpy", "circuit.txt", "binary.qasm")}, ["-O", "IZ"]),
    *wrong(IMPROVE[:2], "-O", {name: OBSERVABLES[name] for name in ("", "ZZZ", "ZQ", "0*ZZ", "II", "1e308*ZZ", "@nowhere.txt")}),
    *wrong(IMPROVE, "--keep", {"": "keep", " ": "keep", ",": "keep", "magic": "magic", "depth,,": "keep", "depth depth": "keep", "Depth": "keep", "depth;start": "keep"}),
    *wrong([*IMPROVE, "-o", "x.qasm"], "--apply", {name: word for name, word in ROWS_OF_EDITS.items() if word != "row"}), ([*IMPROVE, "--apply", "1"], 2, "output"),
    *wrong(IMPROVE, "-o", CIRCUIT_FILES), *wrong(IMPROVE, "--seconds", SECONDS), *wrong(IMPROVE, "--shots", SHOTS), *wrong(IMPROVE, "--seed", SEEDS),
    *wrong(IMPROVE, "--noise", {"1.5": "between 0 and 1", "{": "JSON", "nan": ""}), *wrong(IMPROVE, "--initialization", {"cold": "initialization", "small:0": "width"}),
    *wrong(IMPROVE, "--inputs", {"zzz": "zzz", "": "inputs"}), ([*IMPROVE, "--data", "good.csv"], 2, "inputs"), ([*IMPROVE, "--inputs", "θ[0]", "--data", "huge.csv"], 2, "1e+150"),
    (["improve"], 2, "file"), (["improve", "good.qasm"], 2, "--observable"), ([*IMPROVE, "--wat"], 2, "--wat"),
    *placed(["scaling"], FAMILIES, ["-O", "Z0", "--sizes", "4-7"]), *wrong(SCALING, "--sizes", SIZES), *wrong([*SCALING, "--sizes", "4-7"], "--option", OPTIONS),
    *wrong(SCALING[:2], "-O", SIZED), *wrong(SCALING, "--seconds", SECONDS), *wrong(SCALING, "--shots", SHOTS), *wrong(SCALING, "--seed", SEEDS),
    *wrong(SCALING, "--initialization", {"cold": "initialization", "small:0": "width"}), ([*SCALING, "--csv", "--json"], 2, "both"), ([*SCALING[:2], "-O", "Z9", "--sizes", "4-8"], 2, "fits"),
    *wrong(SCALING, "--plot", FIGURES), (["scaling"], 2, "family"), (["scaling", "efficient_su2"], 2, "--observable"), ([*SCALING, "--wat"], 2, "--wat"),
    (["scaling", "fine", "-O", "Z0", "--option", "reps=2"], 2, "states its own"), (["scaling", "good.qasm", "-O", "Z0", "--option", "reps=2"], 2, "circuit file"),
    *placed(COLLECT[:2], {name: CIRCUITS[name] for name in FEW_CIRCUITS}, COLLECT[3:]), *placed(COLLECT[:2], {"reset.qasm": "reset", "middle.qasm": "measure"}, COLLECT[3:]),
    *wrong(COLLECT[:5], "--shots", {**SHOTS, "9" * 14: "seeds"}), *wrong(COLLECT, "--shots-per-basis", {**SHOTS, "5": "multiple"}), *wrong(COLLECT, "--seed", SEEDS),
    *wrong([*COLLECT, "--backend", "aer"], "--optimization-level", {"x": "integer", "-1": "at least 0", "4": "at most 3"}),
    *wrong(COLLECT, "--backend", {"magic": "FakeTorino", "": "FakeTorino", "FakeNowhere": "FakeTorino"}), *wrong([*COLLECT[:3], "--shots", "32"], "-o", {k: v for k, v in PLACES.items() if k not in ("dangling.npz",) and v != "something else"}),
    *wrong([*COLLECT[:3], "--shots", "6"], "-o", {"shadows.npz": "this state", "arrays.npz": "another kind", "words.npz": "something else"}),
    *wrong(["shadows", "collect", "good.qasm", *COLLECT[3:]], "--data", {**POINTS, "wide.csv": "4", "huge.csv": "4"}), (["shadows", "collect", "good.qpy", *COLLECT[3:]], 2, "parameter_values"),
    (["shadows", "collect", "bell.qpy"], 2, "--output"), (["shadows", "collect"], 2, "files"), (["shadows", "frob"], 2, "frob"), (["shadows", "--wat"], 2, "--wat"),
    *placed(["shadows", "estimate"], SHADOWS, ["-O", "ZZ"]), *placed(["shadows", "add", "others.npz"], SHADOWS, ["-o", "new.npz"]), *wrong(ADD, "-o", {k: v for k, v in PLACES.items() if k != "dangling.npz"}),
    *wrong(["shadows", "estimate", "shadows.npz"], "-O", {k: v for k, v in OBSERVABLES.items() if not v.startswith("constant")}),
    *wrong(["shadows", "estimate", "shadows.npz", "-O", "ZZ"], "--confidence", {"x": "number", "": "number", "0": "confidence", "1": "confidence", "-1": "confidence", "nan": "confidence"}),
    *wrong(["shadows", "estimate", "shadows.npz", "-O", "ZZ"], "--method", {"magic": "method", "": "method"}), (["shadows", "estimate", "shadows.npz"], 2, "--observable"),
    (["shadows", "estimate", "narrow.npz", "-O", "ZZ"], 2, "letters"), (["shadows", "add", "shadows.npz", "narrow.npz", "-o", "new.npz"], 2, "qubits"), (["shadows", "add", "shadows.npz", "shadows.npz", "-o", "new.npz"], 2, "twice"),
    (ADD, 2, "--output"), (["shadows", "add", "-o", "new.npz"], 2, "files"),
    *placed(["audit"], DATA_SETS, ["--seconds", "2"]), *wrong(AUDIT, "--label", {"": "", "nothing": "nothing", "\x1b[31m": ""}), *wrong(AUDIT, "--repeats", {**WHOLE, "0": "repeats"}), *wrong(AUDIT, "--samples", {**WHOLE, "7": "samples"}),
    *wrong(AUDIT, "--model", {"magic": "magic", "": "", "../x": "", "deep": "nested", "changed": "altered"}), *wrong(AUDIT, "--seed", SEEDS), *wrong(AUDIT[:2], "--seconds", SECONDS),
    (["audit"], 2, "data"), (["audit", "a", "b"], 2, "b"), (["audit", "iris", "--label", "x"], 2, "label"), (["audit", "--wat"], 2, "--wat"),
    *placed(["pretrain"], {name: CIRCUITS[name] for name in FEW_CIRCUITS if name}, PRETRAIN[2:]),
    *placed(["pretrain"], {name: NAMES[name] for name in ("nothing", "deep", "changed", "", "UPPER")}, PRETRAIN[2:]),
    *wrong(["pretrain", "good.qasm"], "-H", {k: v for k, v in OBSERVABLES.items() if v.startswith("constant") or k in ("", "ZZZ", "ZQ", "1e308*ZZ", "@folder", "Z" * 5000)}),
    *wrong(["pretrain", "good.qasm"], "-H", {"deep.json": "OpenFermion", "good.json": "", "nowhere.json": "", "binary.json": "", "empty.json": "", "circle.json": ""}),
    *wrong(PRETRAIN, "--start", {"magic": "start", "": "start", "winner": "start"}), *wrong(PRETRAIN, "--width", {"x": "number", "": "number", "0": "width", "-1": "width", "nan": "width", "9": "width"}),
    *wrong(PRETRAIN[:4], "--steps", {**WHOLE, "-1": "steps", "9" * 30: "steps"}), *wrong(PRETRAIN, "--seconds", SECONDS), *wrong(PRETRAIN, "--seed", SEEDS),
    *wrong(PRETRAIN, "-o", {"x.txt": ".json", "": ".json", "good.qasm": ".json", "good.json": "something else", "folder.json": "folder", "circle.qpy": "circle", "words.qpy": "something else", "no/x.json": "folder that exists"}),
    (["pretrain"], 2, "circuit"), (["pretrain", "good.qasm"], 2, "--hamiltonian"), ([*PRETRAIN, "--wat"], 2, "--wat"), (["pretrain", "fine", "-H", "ZZZZ", "--start", "winner"], 2, "no trained angles"),
    (["explain", "magic"], 2, "cause"), (["explain", ""], 2, "cause"), (["explain", "\x1b[31m"], 2, "cause"), (["explain", "a", "b"], 2, "b"), (["explain", "--wat"], 2, "--wat"),
    (["--version", "--wat"], 2, "--wat"),
    *placed(["search"], SPECS, ["--tracking-uri", "off"]),
    *wrong(SEARCH, "--trials", {**WHOLE, "0": "trials", "-5": "trials"}), *wrong(SEARCH, "--jobs", {**WHOLE, "0": "jobs"}),
    *wrong(SEARCH, "--seed", SEEDS), *wrong(SEARCH[:2], "--tracking-uri", URIS), *wrong(SEARCH, "--name", {"UPPER": "a-z", "": "a-z", "default": "reserved", "../x": "a-z"}),
    *wrong(SEARCH, "--backend", {"magic": "backend", "": "backend"}), *wrong(SEARCH, "--storage", {"studies.journal": "something else", "folder": "folder", "magic://x": "", "good.qasm/x.journal": ""}),
    (["search"], 2, "spec"),
    *placed(["compare"], {"nowhere.toml": "exists", "deep.toml": "nested", "spec-qubits.toml": "qubits"}, ["-o", "new.json"]),
    *wrong(COMPARE, "--seeds", {"x": "integer", "0": "seeds", "-1": "seeds"}), *wrong(COMPARE, "--rivals", {"magic": "rival", "": "rival"}),
    *wrong(COMPARE, "--vary", {"magic": "vary", "": "vary"}), *wrong(COMPARE, "--evaluations", {"x": "integer", "0": "evaluations"}),
    *wrong(COMPARE[:2], "-o", {"compared.json": "results", "folder.json": "", "circle.json": ""}),
    (["worker", "good.toml"], 2, "--storage"), *wrong(["worker", "good.toml", "--tracking-uri", "off"], "--storage", {"": "URL", "x.journal": "URL", "magic://x": ""}),
    (["worker", "nowhere.toml", "--storage", "sqlite:///x.db"], 2, "exists"), (["worker", "good.toml", "--storage", "sqlite:///x.db", "--jobs", "0"], 2, "jobs"),
    (["list", "more"], 2, "more"), (["list", "--wat"], 2, "--wat"), (["frobnicate"], 2, "frobnicate"), (["--wat"], 2, "--wat"), (["show"], 2, "name"),
    *placed(["show"], NAMES, []), *placed(["package"], {name: NAMES[name] for name in ("nothing", "deep", "changed", "")}, ["-o", "folder"]),
    *placed(["model"], {name: NAMES[name] for name in ("nothing", "deep", "figures", "UPPER")}, []),
    (["package", "fine"], 2, "--output"), (["package", "fine", "-o", "good.qasm"], 2, "output"),
    *wrong(["register"], "--", {"nothing": "journal", "nowhere.toml": "exists", "deep.toml": "nested", "../x": "journal"}),
    (["register", "s", "--storage", "studies.journal"], 2, "something else"), (["register", "s", "--storage", "sqlite:///nowhere/x.db"], 2, ""),
    *placed(["molecule"], GEOMETRIES, ["-o", "new.json"]),
    *wrong(MOLECULE, "--active", {"2": "2,5", "x,y": "2,5", "": "2,5", "0,0": "active", "99,99": "active", "2,2,2": "2,5", "-1,2": "2,5"}),
    *wrong(MOLECULE, "--basis", {"magic": "", "": ""}), *wrong(MOLECULE, "--unit", {"parsec": "unit"}), *wrong(MOLECULE, "--charge", {"x": "integer", "99": ""}),
    *wrong(MOLECULE, "--spin", {"x": "integer", "1": "", "-99": ""}), *wrong(MOLECULE[:2], "-o", {"stranger.json": "something else", "no/where/x.json": "folder", "folder.json": "folder"}),
]  # fmt: skip
