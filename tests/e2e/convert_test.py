"""Convert: each form into each other, and NeMo's spellings."""
from program import HF_MODEL, USAGE, ProgramTest, read_npy, read_safetensors


class Convert(ProgramTest):
    def vectors(self, model):
        self.write("texts.txt", "the cat sat\n\nhello world, a vector search model 3.14\n")
        self.succeed("embed", "--model", model, "--input", "texts.txt", "--output", "out.npy")
        return read_npy(self.folder / "out.npy")

    def test_a_round_through_all_forms_keeps_every_bit(self):
        expected = self.vectors(HF_MODEL)
        steps = [("a.nemo", []), ("st", []), ("b.nemo", ["--format", "nemo"]), ("hf", ["--format", "hf"]),
                 ("st2", ["--format", "sentence-transformers"]), ("hf2", ["--format", "hf"])]
        source = HF_MODEL
        for target, words in steps:
            self.succeed("convert", "--input", source, "--output", target, *words)
            self.assertEqual(self.vectors(target), expected, target)
            source = target
        self.assertEqual((self.folder / "a.nemo").read_bytes(), (self.folder / "b.nemo").read_bytes())
        ours = read_safetensors((self.folder / "hf2/model.safetensors").read_bytes())
        theirs = read_safetensors((HF_MODEL / "model.safetensors").read_bytes())
        for name, tensor in ours.items():
            self.assertEqual(tensor, theirs[name], name)
        self.assertLessEqual({name for name in theirs if not name.startswith("pooler.")}, set(ours))

    def test_takes_the_words_of_nemo(self):
        self.succeed("convert", "--input", HF_MODEL, "--output", "ours.nemo")
        for number, words in enumerate([("--input_name_or_path", HF_MODEL, "--output_path", "0.nemo"),
                                        (f"--input_name_or_path={HF_MODEL}", "--output_path=1.nemo", "--precision", "32")]):
            self.succeed("convert", *words)
            self.assertEqual((self.folder / f"{number}.nemo").read_bytes(), (self.folder / "ours.nemo").read_bytes())
        self.succeed("convert", "--input_name_or_path", "0.nemo", "--output_path", "hf", "--format", "hf", "--hparams_file",
                     "unused.yaml")
        self.assertEqual(self.vectors("hf"), self.vectors(HF_MODEL))

    def test_every_layout_is_recognised_by_its_content(self):
        expected = self.vectors(HF_MODEL)
        layouts = HF_MODEL.parent / "layouts"
        for name in ("hf_sharded", "hf_bin_sharded", "st_old", "st_new"):
            self.succeed("convert", "--input", layouts / name, "--output", name)
            self.assertEqual(self.vectors(name), expected, name)
        for name in ("core.nemo", "torch_dist.nemo"):
            self.succeed("convert", "--input", layouts / name, "--tokenizer", HF_MODEL, "--output", name)
            self.assertEqual(self.vectors(name), expected, name)

    def test_writes_the_layouts_of_nemo_on_request(self):
        expected = self.vectors(HF_MODEL)
        for form in ("blocks", "interleaved", "mcore"):
            self.succeed("convert", "--input", HF_MODEL, "--output", form + ".nemo", "--nemo-form", form)
            self.assertEqual(self.vectors(form + ".nemo"), expected, form)
        self.assertNotEqual((self.folder / "blocks.nemo").read_bytes(), (self.folder / "mcore.nemo").read_bytes())

    def test_writes_16_bits(self):
        self.succeed("convert", "--input", HF_MODEL, "--output", "32")
        size = (self.folder / "32/model.safetensors").stat().st_size
        for precision in ("bf16", "16"):
            self.succeed("convert", "--input", HF_MODEL, "--output", precision, "--precision", precision)
            self.assertLess((self.folder / precision / "model.safetensors").stat().st_size, 0.6 * size)
        self.assertEqual(self.vectors("16"), self.vectors(HF_MODEL), "the tiny weights are exact in float16")

    def test_what_stood_there_is_replaced(self):
        self.write("a.nemo", "old")
        self.write("st/old.txt", "old")
        self.succeed("convert", "--input", HF_MODEL, "--output", "a.nemo")
        self.succeed("convert", "--input", HF_MODEL, "--output", "st/")
        self.assertFalse((self.folder / "st/old.txt").exists())
        self.assertEqual(self.vectors("a.nemo"), self.vectors("st"))
        self.assertEqual([name for name in self.tree() if ".tmp" in name], [])

    def test_input_and_output_and_known_words_are_needed(self):
        self.refuse(USAGE, ["--output"], "convert", "--input", HF_MODEL)
        self.refuse(USAGE, ["--format"], "convert", "--input", HF_MODEL, "--output", "x", "--format", "onnxx")
        self.refuse(USAGE, ["--precision"], "convert", "--input", HF_MODEL, "--output", "x", "--precision", "8")
