"""The profile `tiny`: HuMo's whole pipeline at toy size, with random weights, without a download.

Every stage is the real code, down to a tokenizer, 33 Whisper states and a causal VAE; only widths are small. The weights
depend on nothing but their names, so that every machine makes the same clip.
"""

from __future__ import annotations

import math
import zlib

import torch
from torch import Tensor, nn

from humo_engine.components import Components
from humo_engine.model import SIZES, HuMoTransformer, ModelSize
from humo_engine.vae import build_vae

SEED = 20261
TEXT_WIDTH = 64
TEXT_LENGTH = 128
AUDIO_WIDTH = 32
WHISPER_LAYERS = 32  # as in large-v3: the averages over its 33 hidden states need all of them
VAE_WIDTH = 4
END_OF_TEXT = "</s>"


def draw_weight(key: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """A random weight that depends on its name, shape and seed alone; scaled so that signals keep their size."""
    generator = torch.Generator("cpu").manual_seed(zlib.crc32(f"{seed}:{key}".encode()))
    values = torch.randn(shape, generator=generator)
    if key.endswith("modulation"):
        return 0.1 * values
    if len(shape) >= 2:
        return values / math.sqrt(math.prod(shape[1:]))
    if key.endswith("weight"):
        return 1 + 0.1 * values
    return 0.02 * values


def draw_weights(module: nn.Module, seed: int = SEED) -> nn.Module:
    """Fill a module (also one on the meta device) with drawn weights."""
    state = {key: draw_weight(key, tuple(value.shape), seed) for key, value in module.state_dict().items()}
    module.load_state_dict(state, strict=True, assign=True)
    return module.eval().requires_grad_(False)


def tiny_size(family: str) -> ModelSize:
    """The toy form of a checkpoint's size: the same structure, 2 layers of width 256."""
    return ModelSize(
        in_dim=SIZES[family].in_dim,
        dim=256,
        ffn_dim=512,
        heads=2,
        layers=2,
        text_dim=TEXT_WIDTH,
        text_length=TEXT_LENGTH,
        audio_window=(8, 5, AUDIO_WIDTH),
    )


def tiny_components(family: str) -> Components:
    """All parts of the pipeline for model `17b` or `1_7b`, on the CPU in fp32."""
    size = tiny_size(family)
    tokenizer, vocabulary = byte_tokenizer()
    whisper, extractor = draw_whisper()
    with torch.device("meta"):
        transformer = HuMoTransformer(size)
    return Components(
        family=family,
        weights="random",
        transformer=draw_weights(transformer),
        tokenizer=tokenizer,
        text_encoder=_tiny_umt5(vocabulary),
        whisper=whisper,
        extractor=extractor,
        vae=_tiny_vae(),
    )


def byte_tokenizer():
    """A tokenizer over bytes, and the size of its vocabulary: it reads any text, and needs no vocabulary file."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(["<pad>", END_OF_TEXT, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END_OF_TEXT}", special_tokens=[(END_OF_TEXT, vocabulary[END_OF_TEXT])]
    )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token=END_OF_TEXT)
    return wrapped, len(vocabulary)


def byte_text_encoder(vocabulary: int, layers: int, ffn: int) -> nn.Module:
    """A UMT5 encoder of width 64 over bytes, its weights as the library draws them."""
    from transformers import UMT5Config, UMT5EncoderModel

    config = UMT5Config(
        vocab_size=vocabulary, d_model=TEXT_WIDTH, d_kv=16, d_ff=ffn, num_layers=layers, num_heads=4,
        feed_forward_proj="gated-gelu", dropout_rate=0.0,
    )  # fmt: skip
    return UMT5EncoderModel(config)


def _tiny_umt5(vocabulary: int) -> nn.Module:
    encoder = draw_weights(byte_text_encoder(vocabulary, layers=2, ffn=128))
    encoder.encoder.embed_tokens.weight = encoder.shared.weight  # tied, but drawn under two names
    return encoder


def draw_whisper():
    """A Whisper encoder of width 32 with 33 states, its weights drawn from the seed, and its feature extractor."""
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(
        d_model=AUDIO_WIDTH, encoder_layers=WHISPER_LAYERS, encoder_attention_heads=2, encoder_ffn_dim=64,
        num_mel_bins=128, dropout=0.0,
    )  # fmt: skip
    return draw_weights(WhisperEncoder(config)), WhisperFeatureExtractor(feature_size=128)


def _tiny_vae():
    vae = build_vae(VAE_WIDTH)
    return draw_weights(vae)
