"""Runs the program that the environment variable SBERT_PROGRAM names, as a user does. SBERT_TORCH_PROGRAM names the one
with libtorch, in a build that has it."""
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SBERT_PROGRAM"]
TORCH_PROGRAM = os.environ.get("SBERT_TORCH_PROGRAM")
HF_MODEL = pathlib.Path(__file__).resolve().parent.parent / "golden/checkpoint/hf"  # 32 wide, 40 positions
WIDTH = 32
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1")
SECONDS = 300  # a program that hangs is a failure, not a wait

USAGE, INPUT, IO, INTERRUPTED = 2, 3, 4, 130

needs_torch = unittest.skipUnless(TORCH_PROGRAM, "this build is without libtorch")


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, `self.folder`, in which the program runs."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def sbert(self, *words, stdin=b"", **options):
        return subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True, timeout=SECONDS,
                              cwd=self.folder, env=ENVIRONMENT, **options)

    def succeed(self, *words, stdin=b""):
        """-> what the program printed, as text"""
        done = self.sbert(*words, stdin=stdin)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def refuse(self, code, parts, *words, stdin=b"", may_write=()):
        """The program ends with `code`, prints one line on stderr with all `parts` in it and nothing on stdout, and
        leaves the files of the folder as they were, but for those whose names begin as `may_write` says."""
        before = self.tree(but=may_write)
        done = self.sbert(*words, "--quiet", stdin=stdin)  # without the notes that may come before
        message = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{words}\n{message}")
        self.assertRegex(message, r"\Asbert: [^\n]+\n\Z")
        for part in parts:
            self.assertIn(str(part), message)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(self.tree(but=may_write), before)
        self.assertEqual([name for name in self.tree() if ".tmp" in name], [])
        return message

    def tree(self, but=()):
        """-> {path: bytes, or None for a folder} of the test's folder, but for names that begin so"""
        found = {str(path.relative_to(self.folder)): path for path in self.folder.rglob("*")}
        return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()
                if not name.startswith(tuple(but))}

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_lines(self, name, objects):
        return self.write(name, "".join(json.dumps(each) + "\n" for each in objects))

    def copy_model(self, name="model", change_config=None, change_tensors=None):
        """A copy of the tiny model in which config.json and the tensors were changed by functions."""
        for file in HF_MODEL.iterdir():
            self.write(f"{name}/{file.name}", file.read_bytes())
        folder = self.folder / name
        if change_config:
            config = json.loads((folder / "config.json").read_bytes())
            change_config(config)
            self.write(f"{name}/config.json", json.dumps(config))
        if change_tensors:
            tensors = read_safetensors((folder / "model.safetensors").read_bytes())
            change_tensors(tensors)
            self.write(f"{name}/model.safetensors", safetensors(tensors))
        return folder


def read_safetensors(data):
    """-> {name: (type, shape, bytes)}"""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    return {name: (each["dtype"], each["shape"], body[slice(*each["data_offsets"])]) for name, each in header.items()}


def safetensors(tensors):
    header, body = {}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def read_npy(path):
    """-> rows of floats, of a float32 matrix in C order"""
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    (length,) = struct.unpack_from("<H", data, 8)
    header = data[10:10 + length].decode()
    assert "'descr': '<f4'" in header and "'fortran_order': False" in header, header
    rows, columns = (int(each) for each in header.split("(")[1].split(")")[0].split(","))
    values = struct.unpack_from(f"<{rows * columns}f", data, 10 + length)
    return [values[i * columns:(i + 1) * columns] for i in range(rows)]
