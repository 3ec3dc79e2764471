"""Convert: each form into each other, and NeMo's spellings."""
import json
import struct

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

    def test_a_model_that_stood_there_is_replaced(self):
        self.write("a.nemo", "old")
        (self.folder / "st").mkdir()
        self.succeed("convert", "--input", HF_MODEL, "--output", "a.nemo")
        self.succeed("convert", "--input", HF_MODEL, "--output", "st/")
        self.assertEqual(self.vectors("a.nemo"), self.vectors("st"))
        self.succeed("convert", "--input", "st", "--output", "st", "--format", "hf")
        self.assertFalse((self.folder / "st/modules.json").exists())
        self.assertEqual(self.vectors("a.nemo"), self.vectors("st"))
        self.assertEqual([name for name in self.tree() if ".tmp" in name], [])

    def test_other_files_in_the_output_folder_are_never_lost(self):
        self.write("work/thesis.txt", "precious")
        self.refuse(USAGE, ["work", "--overwrite", "thesis.txt"], "convert", "--input", HF_MODEL, "--output", "work")
        self.copy_model("mine")
        self.write("mine/notes.txt", "precious")
        self.refuse(USAGE, ["mine", "--overwrite", "notes.txt"], "convert", "--input", "mine", "--output", "mine")
        self.refuse(USAGE, ["theirs", "--overwrite"], "convert", "--input", HF_MODEL, "--output", self.copy_model("theirs"))
        for folder, name in (("work", "thesis.txt"), ("mine", "notes.txt")):
            self.succeed("convert", "--input", HF_MODEL, "--output", folder, "--overwrite")
            self.assertEqual((self.folder / folder / name).read_text(), "precious")
            self.assertEqual(self.vectors(folder), self.vectors(HF_MODEL))
        self.assertIn("--overwrite", self.succeed("convert", "--help"))

    def test_what_cannot_be_replaced_is_refused_before_the_work(self):
        self.write("no_model/x", "")  # the place comes first: this is not even looked into
        self.refuse(USAGE, ["started in"], "convert", "--input", HF_MODEL, "--output", ".", "--overwrite")
        self.refuse(USAGE, ["is a file"], "convert", "--input", HF_MODEL, "--output", self.write("file", "x"))
        (self.folder / "real").mkdir()
        (self.folder / "link").symlink_to("real")
        self.succeed("convert", "--input", HF_MODEL, "--output", "link")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertEqual(self.vectors("real"), self.vectors(HF_MODEL))

    def change_head(self, pooling, modules, **settings):
        """-> a sentence-transformers folder with another head than the usual one"""
        self.succeed("convert", "--input", HF_MODEL, "--output", "head")
        flags = json.loads((self.folder / "head/1_Pooling/config.json").read_text())
        for key in flags:
            if key.startswith("pooling_mode_"):
                flags[key] = key == pooling
        self.write("head/1_Pooling/config.json", json.dumps(flags))
        listed = json.loads((self.folder / "head/modules.json").read_text())
        self.write("head/modules.json", json.dumps(listed[:modules]))
        self.write("head/sentence_bert_config.json", json.dumps(settings))

    def test_settings_that_a_form_loses_are_a_warning_and_no_difference(self):
        for pooling, modules, length in (("pooling_mode_cls_token", 3, 32), ("pooling_mode_mean_tokens", 2, 32),
                                         ("pooling_mode_max_tokens", 2, 32), ("pooling_mode_mean_tokens", 3, 8)):
            self.change_head(pooling, modules, max_seq_length=length)
            done = self.sbert("convert", "--input", "head", "--output", "hf", "--format", "hf")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"has no place for some settings", done.stderr)
            for output in ("st", "a.nemo"):
                self.succeed("convert", "--input", "head", "--output", output)

    def test_differences_are_parts_of_the_length_of_a_vector(self):
        def enlarge(tensors):
            name = "encoder.layer.1.output.LayerNorm.weight"
            dtype, shape, data = tensors[name]
            values = struct.unpack(f"<{shape[0]}f", data)
            tensors[name] = (dtype, shape, struct.pack(f"<{shape[0]}f", *(1000 * value for value in values)))
        model = self.copy_model("large", change_tensors=enlarge)
        self.succeed("convert", "--input", model, "--output", "st")
        modules = json.loads((self.folder / "st/modules.json").read_text())
        self.write("st/modules.json", json.dumps(modules[:2]))  # not normalized
        for output, *words in (("bf16", "--precision", "bf16"), ("16", "--precision", "16"), ("hf", "--format", "hf")):
            self.succeed("convert", "--input", "st", "--output", output, *words)

    def test_both_names_of_the_prompt_for_documents_are_written(self):
        self.succeed("convert", "--input", HF_MODEL, "--output", "st")
        settings = self.folder / "st/config_sentence_transformers.json"
        prompts = {"query": "query: ", "passage": "passage: "}
        for given in (prompts, {**prompts, "document": ""}):
            settings.write_text(json.dumps({"prompts": given}))
            self.succeed("convert", "--input", "st", "--output", "a.nemo")
            self.succeed("convert", "--input", "a.nemo", "--output", "again")
            written = json.loads((self.folder / "again/config_sentence_transformers.json").read_text())
            self.assertEqual(written["prompts"], {**prompts, "document": "passage: "})

    def test_input_and_output_and_known_words_are_needed(self):
        self.refuse(USAGE, ["--output"], "convert", "--input", HF_MODEL)
        self.refuse(USAGE, ["--format"], "convert", "--input", HF_MODEL, "--output", "x", "--format", "onnxx")
        self.refuse(USAGE, ["--precision"], "convert", "--input", HF_MODEL, "--output", "x", "--precision", "8")
