"""Compiles each header that is installed on its own, with none but those to include: public_headers.py COMPILER LIST SOURCE"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def problem(compiler, folder, header):
    """-> what the compiler says, or an empty text"""
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-x", "c++",
               "-I", folder, "-include", header, os.devnull]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    return f"{header} does not compile on its own:\n{done.stderr}" if done.returncode else ""


def main(compiler, listing, source):
    headers = pathlib.Path(listing).read_text().split()
    with tempfile.TemporaryDirectory() as folder:
        for header in headers:
            copy = pathlib.Path(folder, header)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pathlib.Path(source, header), copy)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = [each for each in pool.map(lambda header: problem(compiler, folder, header), headers) if each]
    print("\n".join(problems) or f"{len(headers)} public headers")
    return 1 if problems or not headers else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
