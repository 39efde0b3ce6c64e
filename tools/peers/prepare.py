"""Makes one model with random weights in the format of every peer: no download, and speed does not depend on them."""
import argparse
import json
import os
import shutil
import sys
import time
import warnings

from inputs import POSITIONS, VOCAB, dims, token_ids

PRECISIONS = "fp32", "bf16", "int8"


def prepare(args):
    out = os.path.join(os.path.abspath(args.work), args.model)
    layers, d, heads, f = dims(args.model)
    os.makedirs(out, exist_ok=True)
    files = ["hf", "reference.npy", "ort.onnx", "openvino", "ct2", "model.pt"] + ["ort-int8.onnx", "openvino-int8"] * (args.precision == "int8")
    if all(os.path.exists(os.path.join(out, n)) for n in files):
        return
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
    warnings.simplefilter("ignore")
    sys.modules["openvino_telemetry"] = None  # else the conversion reports itself to its maker
    import numpy as np
    import torch
    import transformers
    from transformers import RobertaConfig, RobertaModel
    transformers.utils.logging.disable_progress_bar()
    cfg = RobertaConfig(vocab_size=VOCAB, hidden_size=d, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=f,
                        max_position_embeddings=POSITIONS, type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="gelu",
                        pad_token_id=1, bos_token_id=0, eos_token_id=2)

    def step(name, target, make, required=False):
        path, tmp = os.path.join(out, target), os.path.join(out, "unfinished-" + target)
        if os.path.exists(path):
            return
        shutil.rmtree(tmp, ignore_errors=True)
        t = time.time()
        try:
            make(tmp)
            os.replace(tmp, path)  # only what is complete gets its name
            print(f"{args.model}: prepared {name} in {time.time() - t:.1f} s", file=sys.stderr)
        except Exception as e:  # a peer that cannot be prepared must not stop the others
            if required:
                raise
            print(f"{args.model}: could not prepare {name}: {type(e).__name__}: {str(e)[:400]}", file=sys.stderr)

    def weights(tmp):
        torch.manual_seed(0)
        RobertaModel(cfg, add_pooling_layer=False).eval().save_pretrained(tmp)
        name = os.path.join(tmp, "config.json")
        c = json.load(open(name))
        c["position_embedding_type"] = "absolute"  # CTranslate2's converter reads it, transformers 5 no longer writes it
        json.dump(c, open(name, "w"), indent=1)
        write_vocab(tmp)
    step("the weights", "hf", weights, required=True)
    hf = os.path.join(out, "hf")
    model = RobertaModel.from_pretrained(hf, add_pooling_layer=False).eval()

    def reference(tmp):
        with torch.inference_mode():
            y = model(torch.tensor(token_ids([17, 17])))[0]
        with open(tmp, "wb") as file:
            np.save(file, y[:, :, :8].numpy())
    step("PyTorch's results", "reference.npy", reference, required=True)
    step("goroberta", "model.pt", lambda tmp: write_fairseq(model.state_dict(), cfg, tmp), required=True)

    class Wrap(torch.nn.Module):
        def __init__(self, m):
            super().__init__()
            self.m = m

        def forward(self, input_ids, attention_mask):
            return self.m(input_ids=input_ids, attention_mask=attention_mask)[0]

    names = ["input_ids", "attention_mask"]
    ids = torch.tensor(token_ids([16, 16]))

    def onnxruntime(tmp):
        from onnxruntime.transformers import optimizer
        plain = os.path.join(out, "unfinished-plain.onnx")
        model.set_attn_implementation("eager")  # the form that ONNX Runtime's fusions recognise
        axes = {k: {0: "batch", 1: "seq"} for k in names + ["last_hidden_state"]}
        torch.onnx.export(Wrap(model), (ids, torch.ones_like(ids)), plain, input_names=names, output_names=["last_hidden_state"],
                          opset_version=17, dynamo=False, dynamic_axes=axes)
        model.set_attn_implementation("sdpa")
        o = optimizer.optimize_model(plain, model_type="bert", num_heads=heads, hidden_size=d, opt_level=0)
        if not o.get_fused_operator_statistics().get("Attention"):
            print("ONNX Runtime: attention was not fused; its times are not its best", file=sys.stderr)
        o.save_model_to_file(tmp)
        os.remove(plain)
    step("ONNX Runtime", "ort.onnx", onnxruntime)

    def openvino(tmp):
        import openvino as ov
        m = ov.convert_model(Wrap(model), example_input={"input_ids": ids, "attention_mask": torch.ones_like(ids)})
        for p, n in zip(m.inputs, names):
            p.get_node().set_partial_shape(ov.PartialShape([-1, -1]))
            p.get_tensor().set_names({n})
        m.validate_nodes_and_infer_types()
        ov.save_model(m, os.path.join(tmp, "model.xml"), compress_to_fp16=False)
    step("OpenVINO", "openvino", openvino)

    def onnxruntime_int8(tmp):
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
        quantize_dynamic(os.path.join(out, "ort.onnx"), tmp, per_channel=True, weight_type=QuantType.QInt8,
                         extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT})

    def openvino_int8(tmp):
        import nncf
        import openvino as ov
        texts = [{"input_ids": np.array(token_ids([24], seed)), "attention_mask": np.ones((1, 24), np.int64)} for seed in range(24)]
        m = nncf.quantize(ov.Core().read_model(os.path.join(out, "openvino", "model.xml")), nncf.Dataset(texts),
                          model_type=nncf.ModelType.TRANSFORMER, subset_size=len(texts))
        ov.save_model(m, os.path.join(tmp, "model.xml"), compress_to_fp16=False)
    if args.precision == "int8":
        step("ONNX Runtime in int8", "ort-int8.onnx", onnxruntime_int8)
        step("OpenVINO in int8", "openvino-int8", openvino_int8)

    def ctranslate2(tmp):
        from ctranslate2.converters import TransformersConverter
        TransformersConverter(hf).convert(tmp)
    step("CTranslate2", "ct2", ctranslate2)


def write_vocab(hf):
    """A vocabulary of made-up words: CTranslate2's converter insists on a tokenizer."""
    table = ["<s>", "<pad>", "</s>", "<unk>"] + [f"w{i}" for i in range(VOCAB - 5)] + ["<mask>"]
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
               "cls_token": "<s>", "sep_token": "</s>", "tokenizer_class": "RobertaTokenizer", "model_max_length": POSITIONS - 2}
    for name, content in (("vocab.json", json.dumps({w: i for i, w in enumerate(table)})), ("merges.txt", "#version: 0.2\n"),
                          ("tokenizer_config.json", json.dumps(special))):
        with open(os.path.join(hf, name), "w", encoding="utf-8") as f:
            f.write(content)


def write_fairseq(sd, cfg, path):
    """The same weights as a fairseq checkpoint, which goroberta reads."""
    import torch
    p, h, d = "encoder.sentence_encoder.", "encoder.lm_head.", cfg.hidden_size
    new = {p + "embed_tokens.weight": sd["embeddings.word_embeddings.weight"],
           # fairseq has no token types: their only row is added to the positions.
           p + "embed_positions.weight": sd["embeddings.position_embeddings.weight"] + sd["embeddings.token_type_embeddings.weight"][0]}
    names = {"attention.self.query": "self_attn.q_proj", "attention.self.key": "self_attn.k_proj",
             "attention.self.value": "self_attn.v_proj", "attention.output.dense": "self_attn.out_proj",
             "attention.output.LayerNorm": "self_attn_layer_norm", "intermediate.dense": "fc1",
             "output.dense": "fc2", "output.LayerNorm": "final_layer_norm"}
    for a in ("weight", "bias"):
        new[p + "layernorm_embedding." + a] = sd["embeddings.LayerNorm." + a]
        for i in range(cfg.num_hidden_layers):
            for theirs, ours in names.items():
                new[f"{p}layers.{i}.{ours}.{a}"] = sd[f"encoder.layer.{i}.{theirs}.{a}"]
    new.update({h + "weight": new[p + "embed_tokens.weight"], h + "bias": torch.zeros(VOCAB), h + "dense.weight": torch.eye(d),
                h + "dense.bias": torch.zeros(d), h + "layer_norm.weight": torch.ones(d), h + "layer_norm.bias": torch.zeros(d)})
    args = argparse.Namespace(arch="roberta_base", task="masked_lm", encoder_layers=cfg.num_hidden_layers, encoder_embed_dim=d,
                              encoder_ffn_embed_dim=cfg.intermediate_size, encoder_attention_heads=cfg.num_attention_heads,
                              max_positions=POSITIONS - 2, activation_fn="gelu", dropout=0.1, attention_dropout=0.1,
                              pooler_activation_fn="tanh")
    torch.save({"args": args, "model": new}, path)
