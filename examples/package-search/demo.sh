#!/usr/bin/env bash
# A search over Debian's packages, from a checkpoint and a JSON of questions to a better model.
# demo.sh SBERT MODEL FOLDER: what is done already is left out; a run that was stopped goes on.
set -euo pipefail

sbert=$1 model=$2 folder=$3
here=$(dirname "$0")
start=$SECONDS

step() { printf '\n== %s\n' "$*"; }

step "1. Data: Debian's package descriptions"
python3 "$here/make_data.py" "$folder"

step "2. Convert the Hugging Face checkpoint to .nemo, and read it back"
[ -f "$folder/minilm.nemo" ] || "$sbert" convert --input_name_or_path "$model" --output_path "$folder/minilm.nemo"
"$sbert" --quiet info "$folder/minilm.nemo"

step "3. Fine-tune: a question, its description, one near but wrong"
"$sbert" train \
    --config-path=/NeMo/examples/nlp/information_retrieval/conf/ \
    --config-name=megatron_bert_config \
    restore_from_path="$folder/minilm.nemo" \
    trainer.devices=1 \
    trainer.val_check_interval=20 \
    trainer.max_epochs=1 \
    trainer.max_steps=60 \
    +trainer.num_sanity_val_steps=0 \
    model.global_batch_size=16 \
    model.micro_batch_size=16 \
    model.tokenizer.library=huggingface \
    ++model.data.data_prefix="$folder/train.json" \
    ++model.tokenizer.do_lower_case=False \
    ++model.data.evaluation_sample_size=100 \
    ++model.data.hard_negatives_to_train=1 \
    ++model.data.evaluation_steps=100 \
    ++model.data.query_prefix= \
    ++model.data.passage_prefix= \
    model.encoder_seq_length=64 \
    model.optim.lr=4e-5 \
    model.optim.sched.warmup_steps=6 \
    model.optim.sched.constant_steps=0 \
    model.optim.sched.min_lr=0 \
    exp_manager.explicit_log_dir="$folder/run" \
    exp_manager.checkpoint_callback_params.save_top_k=1 \
    exp_manager.resume_if_exists=True
ln -sf run/checkpoints/megatron_bert.nemo "$folder/tuned.nemo"

step "4. Before and after: 500 synopses that were not trained on, among 5,000 descriptions"
[ -f "$folder/results.txt" ] || {
    "$sbert" evaluate retrieval --model "$folder/minilm.nemo" --model "$folder/tuned.nemo" \
        --data "$folder/packages" --max-length 64 > "$folder/results.tmp"
    mv "$folder/results.tmp" "$folder/results.txt"
}
cat "$folder/results.txt"

step "5. Ask"
"$sbert" --quiet search --model "$folder/tuned.nemo" --corpus "$folder/packages/corpus.jsonl" \
    --embeddings "$folder/packages.npy" --max-length 64 --k 3 \
    "keep an eye on how busy my processor and memory are" \
    "turn scanned pages into text I can edit" \
    "play chess against the computer"

printf '\ndone in %d s; everything is under %s\n' $((SECONDS - start)) "$folder"
