"""Writes the .tsv files beside it: what Hydra and OmegaConf make of scalars, override values, overrides and
interpolations. Needs hydra-core 1.3.8 and omegaconf 2.3.1.

A line is an input (JSON-escaped string), tab, the value in the notation of canonical(), or "error".
"""
import json
import os
import pathlib
import tempfile

import hydra
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

HERE = pathlib.Path(__file__).parent

SCALARS = """
null Null NULL nULL ~ true True TRUE tRUE false yes Yes no NO on Off off y n 0 -0 +0 1 -1 +7 007 017 -017 08 09 0b101 0b
0x1F 0xfg 1_000 1__0 _1 1_ 2e-4 2E5 2e+5 1e-12 1.5 -1.5 +1.5 .5 -.5 5. 1.e3 1.5e-3 1.5e3 .5e-3 .5e3 1e 1e+ e5 .e5 1.5.2
.inf -.inf +.inf .Inf .INF .iNF inf Inf .nan .NaN .NAN -.nan nan 0.1 100000 50_000.5 1_0e3 9223372036854775807
-9223372036854775808 123456789012345 16-mixed bf16 a.b 1.2.3 2024-01-01 /path/to/x 0.30000000000000004 1e22 1e16 1e15
123456789.123 5e-324 1.7976931348623157e308 1e400 00 0_ 0.0 -0.0 1_000_000 . ++1 1-2 0o17 0.5_5 12e03 1_2.5
""".split()

VALUES = [
    "", "null", "NULL", "Null", "true", "TrUe", "false", "0", "10", "-20", "+3", "1_000_000", "1__0", "017", "00", "1_", "3.14",
    "-20.0", "1e-1", "-10e3", ".5", "-.5", "1.", "1.e5", "1e-5", "2e-4", "inf", "-Inf", "nan", "+NaN", "1e400", "1_0.5_0", "1.5_",
    "e5", "foo", "foo-bar_10", "foo bar", " foo bar ", "a:b", "a: b", "http://host:80/x?y=1", "http://host:80/x?y", "/a/b*c/@d|e.json",
    "100%", "$HOME", "a+b", "a\\b", "C:\\dir", "\\\\", "a\\,b", "a\\=b", "a\\ b", "a\\ ", "\\ a", "a\\:b", "\\{a\\}", "\\[", "\\(x\\)",
    "'a b'", '"a,b"', "''", '""', "'it\\'s'", '"say \\"hi\\""', "'a\\nb'", "'abc\\\\'", "'a\\\\b'", "'a\\\\\\'b'", "'1'", "'null'", '"true"',
    "'a", "a'b", "'a'b", "'a' ", "'${x}'", "${x}", "${x.y}/z", "a${x}", "${oc.env:HOME}", "${oc.env:HOME,me}", "${x", "[]", "[1,2]", "[ 1 , 2 ]",
    "[a,b,[c]]", "[a,b", "[1,]", "[,]", "[a b,'c,d',\"e]\"]", "[1.5,true,null]", "[a:b]", "[${x},1]", "{}", "{a:1}", "{a:1,b:{c:2}}", "{a: 1 , b : x y}",
    "{a:[1,2]}", "{a}", "{a:}", "{a:1,a:2}", "{1:2}", "{a:b:c}", "{a b:c}", "{a:'x:y'}", "{a:1", "1,2", "a,b", "a=b", "a(b)", "choice(a,b)", "range(1,3)",
    "int('1')", "(", ")", "]", "}", "a]", "{a:1}b", "[1]2", "1 2", "null x", "true-ish", "-", "+", "--1", "1-2", "a\tb", "intfloat/e5-large-unsupervised",
    "16-mixed", "bf16", "2024-01-01", "00:03:30:00", "1.2.3", "\\\\a", "a\\\\", "x\\y\\\\z",
]

TREE = """
a: {b: 1, c: x, d: null, e: [1, 2, 3], f: {g: 1.5, h: {i: true}}}
top: 1
req: ???
"""
OVERRIDES = [
    ["a.b=2"], ["a.b=x", "a.b=3"], ["a.x=1"], ["+a.x=1"], ["+a.b=2"], ["+a.d=2"], ["++a.b=2"], ["++a.x.y.z=1"], ["+n.m=1"], ["n.m=1"], ["~a.b"],
    ["~a.b=1"], ["~a.b=2"], ["~a.x"], ["~a"], ["~a.d"], ["a.e=[9]"], ["a.e.0=7"], ["a.e.5=7"], ["a.f={g:2}"], ["a.f={x:2}"], ["+a.f={x:2}"], ["++a.f={h:{i:0,j:1}}"],
    ["a.f={h:{j:1}}"], ["a.b={x:1}"], ["+a.e=[4]"], ["+a.f=3"], ["a.f=3"], ["top="], ["top"], ["=1"], ["a.b==1"], ["top='a=b'"], ["top={}"], ["a.f={}"],
    ["+a.d={x:1}"], ["+a.d.x=1"], ["a.d=null"], ["a.d.x=1"], ["++top.x=1"], ["req=1"], ["~a.f.h.i", "+a.f.h.k=2"], ["x@y=1"], ["+x/y=1"], ["a.b=1,2"],
    ["++a.e=[]"], ["++a.f.h=null"], ["a[b]=5"],
]

DOCUMENTS = [
    "{a: 1, b: '${a}'}", "{a: x, b: 'p/${a}/q'}", "{a: {b: 2}, c: '${a.b}'}", "a: {b: 2, c: '${.b}'}", "a: {b: 2, c: {d: '${..b}'}}", "a: {c: '${.x}'}",
    "{a: {b: 1, c: [2]}, d: '${a}'}", "{a: '${b}', b: '${c}', c: 3}", "{a: '${b}', b: '${a}'}", "a: '${a}'", "a: {b: '${a}'}", "{a: 1.0, b: 'x${a}'}",
    "{a: true, b: 'x${a}'}", "{a: null, b: 'x${a}'}", "{a: 2e-4, b: 'x${a}'}", "{a: 1e-5, b: 'x${a}'}", "{a: 1e16, b: 'x${a}'}", "{a: 123456789.0, b: 'x${a}'}",
    "{tp: 2, pp: 3, x: '${multiply:${tp},${pp}}'}", "x: '${multiply:2,3}'", "x: '${multiply:2,1.5}'", "x: '${sum:2,3}'", "x: '${sum:${multiply:2,3},1}'",
    "x: '${oc.env:SET}'", "x: '${oc.env:UNSET}'", "x: '${oc.env:UNSET,d}'", "x: '${oc.env:UNSET,5}'", "x: '${oc.env:UNSET,null}'", "x: '${oc.env:NUMBER}'",
    "{x: '${oc.select:a.b,7}', a: {b: 1}}", "x: '${oc.select:a.b,7}'", "x: '${oc.select:a.b}'", "{x: '${oc.select:a,7}', a: '???'}", "{x: '${a}', a: '???'}",
    "{n: a, a: 5, x: '${${n}}'}", "{n: b, a: {b: 5}, x: '${a.${n}}'}", "x: '\\${a}'", "{a: 1, x: 'y\\\\${a}'}", "x: '${nope:1}'", "x: '${a'",
    "{l: [1, 2, 3], x: '${l.1}'}", "{l: [1, 2, 3], x: '${l[2]}'}", "{l: [1, 2], x: '${l.7}'}", "{a: {b: 1}, c: '${a}', x: '${c.b}'}", "{a: [1], x: 'y${a}'}",
    "x: ['${y}', '${.0}']\ny: 4", "x: ''", "x: $a", "{a: 1, x: '${ a }'}", "x: '${oc.env:UNSET,\"a,b\"}'", "x: '${..a}'\na: 1", "{a: 1, x: '${a}${a}'}",
    "{e: 512, m: '${.e}'}", "m: {encoder_seq_length: 512, max_position_embeddings: '${.encoder_seq_length}'}", "x: '${oc.env:UNSET,}'", "x: '${multiply:a,2}'",
]


def canonical(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, QuotedString):
        return json.dumps(value.text, ensure_ascii=False)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(str(key)) + ":" + canonical(item) for key, item in value.items()) + "}"
    raise TypeError(type(value))


def write(name, inputs, evaluate):
    lines = []
    for given in inputs:
        try:
            result = canonical(evaluate(given))
        except Exception:
            result = "error"
        lines.append(f"{json.dumps(given, ensure_ascii=False)}\t{result}\n")
    (HERE / name).write_text("".join(lines))


def override_value(text):
    override = OverridesParser.create().parse_override("key=" + text)
    if override.is_sweep_override():
        raise ValueError("a sweep")
    return override.value()


def compose(words):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.yaml").write_text(TREE)
        with hydra.initialize_config_dir(folder, version_base=None):
            return OmegaConf.to_container(hydra.compose("config", overrides=words), resolve=False)


def resolve(document):
    return OmegaConf.to_container(OmegaConf.create(document), resolve=True, throw_on_missing=True)


def main():
    os.environ.update(SET="value", NUMBER="12")
    OmegaConf.register_new_resolver("multiply", lambda x, y: x * y)
    OmegaConf.register_new_resolver("sum", lambda x, y: x + y)
    write("scalars.tsv", SCALARS, lambda text: yaml.load(text, Loader=get_yaml_loader()))
    write("override_values.tsv", VALUES, override_value)
    write("overrides.tsv", OVERRIDES, compose)
    write("interpolations.tsv", DOCUMENTS, resolve)


main()
