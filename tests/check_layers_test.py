"""tools/check_layers.py on small trees, each with one thing wrong: check_layers_test.py SCRIPT"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = sys.argv.pop()
TABLE = "<!-- layers -->\n{}<!-- /layers -->\n"
FILES = {
    "CMakeLists.txt": "set(core_modules base text)\nset(torch_modules nn)\n",
    "base/CMakeLists.txt": "sbert_module(\n    base\n    SOURCES\n        error.cpp\n)\n",
    "base/error.cpp": '#include "sbert/base/error.h"\n',
    "text/CMakeLists.txt": "sbert_module(text SOURCES a.cpp DEPENDS base TESTS a_test.cpp)\n",
    "text/kinds/a.cpp": '#include "sbert/base/error.h"\n#include "sbert/text/kinds/b.h"\n',
    "nn/CMakeLists.txt": "sbert_module(nn\n    TORCH_SOURCES a.cpp\n    DEPENDS text\n    TORCH_TESTS a_test.cpp)\n",
    "nn/a.cpp": '#include <ATen/ATen.h>\n#include "sbert/base/error.h"\n',
    "cli/CMakeLists.txt": "sbert_module(cli SOURCES a.cpp DEPENDS text)\nadd_custom_target(all_of_it DEPENDS others)\n",
    "cli/a.cpp": '#include "sbert/text/kinds/a.h"\n',
    "cli/torch/CMakeLists.txt": "sbert_program(p SOURCES main.cpp DEPENDS cli nn)\n",
    "cli/torch/main.cpp": '#include <torch/version.h>\n#include "sbert/cli/a.h"\n#include "sbert/nn/a.h"\n',
}


class CheckLayers(unittest.TestCase):
    def check(self, changes, table=True):
        """-> exit code and what is printed, of the tree with these files changed"""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name, "sbert")
            for path, text in {**FILES, "README.md": TABLE.format(""), **changes}.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
            if table:
                (folder / "README.md").write_text(TABLE.format(self.run_script("--table", folder).stdout))
            done = self.run_script(folder)
            return done.returncode, done.stdout.replace(f"{folder}/", "")

    def run_script(self, *words):
        return subprocess.run([sys.executable, "-B", SCRIPT, *map(str, words)], capture_output=True, text=True, check=False)

    def test_a_tree_in_order_passes(self):
        self.assertEqual(self.check({}), (0, "layers: 5 modules, nothing wrong\n"))

    def test_each_wrong_thing_is_named(self):
        for path, text, message in (
                ("base/error.cpp", '#include "sbert/text/kinds/a.h"\n', "base/error.cpp:1: base may not include text/kinds/"),
                ("text/kinds/a.cpp", '\n#include "sbert/nn/a.h"\n', "text/kinds/a.cpp:2: text may not include nn/"),
                ("text/kinds/a.cpp", "#include <ATen/ATen.h>\n", "text/kinds/a.cpp:1: text is of the core and may not include ATen/ATen.h"),
                ("cli/a.cpp", "#include <c10/core/Device.h>\n", "cli/a.cpp:1: cli is of the core and may not include c10/core/Device.h"),
                ("cli/a.cpp", '#include "sbert/cli/torch/a.h"\n', "cli/a.cpp:1: cli may not include cli/torch/"),
                ("text/CMakeLists.txt", "sbert_module(text SOURCES a.cpp DEPENDS base nn)\n",
                 "text/CMakeLists.txt: text is of the core and may not depend on nn, which needs libtorch"),
                ("base/CMakeLists.txt", "sbert_module(base TORCH_SOURCES error.cpp)\n",
                 "base/CMakeLists.txt: base is of the core and may not have sources or tests that need libtorch"),
                ("odd/CMakeLists.txt", "sbert_module(odd SOURCES a.cpp)\n", "odd/CMakeLists.txt: odd is in none of the lists"),
                ("nn/CMakeLists.txt", "sbert_module(nn SOURCES a.cpp DEPENDS text nothing)\n",
                 "nn/CMakeLists.txt: depends on nothing, which is no module"),
                ("CMakeLists.txt", "set(core_modules base text gone)\nset(torch_modules nn)\n", "there is no module gone/")):
            code, printed = self.check({path: text})
            self.assertEqual(code, 1, message)
            self.assertIn(message, printed)

    def test_a_table_that_is_out_of_date_is_wrong(self):
        code, printed = self.check({}, table=False)
        self.assertEqual(code, 1)
        self.assertIn("README.md: the table of modules is not that of the listings", printed)


if __name__ == "__main__":
    unittest.main()
