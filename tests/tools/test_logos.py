"""Logos from outside: what is refused, and what is left of one after it has been redrawn."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tools.logos import MAX_BYTES, redrawn_logo, validate_logo

SCRIPT = b"<script>alert(1)</script>"


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 300), **options: object) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png_that_says(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_accepted_and_can_be_read_again(kind):
    file = upload(picture(kind))

    validate_logo(file)

    assert file.tell() == 0
    assert Image.open(redrawn_logo(file, "a")).format == "PNG"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"<!doctype html>" + SCRIPT,
        b"GIF89a/*" + SCRIPT + b"*/=1;",
        b"%PDF-1.7\n" + SCRIPT,
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        b"\x89PNG\r\n\x1a\n" + SCRIPT,
        b"\xff\xd8\xff\xe0" + SCRIPT,
        b"RIFF\x20\x00\x00\x00WEBPVP8 " + SCRIPT,
    ],
    ids=["nothing", "text", "svg", "xml", "html", "gif-script", "pdf", "gif", "bmp", "tiff", "png?", "jpeg?", "webp?"],
)
@pytest.mark.parametrize("name", ["logo.png", "logo.svg"])
def test_what_is_not_a_png_jpeg_or_webp_is_refused_whatever_its_name(content, name):
    with pytest.raises(ValidationError, match="PNG, JPEG or WebP"):
        validate_logo(upload(content, name))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_picture_that_was_cut_off_is_refused(kind, kept):
    whole = picture(kind)

    with pytest.raises(ValidationError, match="PNG, JPEG or WebP"):
        validate_logo(upload(whole[: int(len(whole) * kept)]))


@pytest.mark.parametrize("size", [(2_001, 2_000), (60_000, 60_000), (1, 4_000_001), (2**31 - 1, 1)])
def test_a_bomb_is_refused_by_the_size_it_announces(size):
    with pytest.raises(ValidationError):
        validate_logo(upload(png_that_says(*size)))


def test_a_bomb_hidden_in_a_text_chunk_is_refused():
    info = PngInfo()
    info.add_text("comment", "x" * 8_000_000, zip=True)
    bomb = picture(size=(8, 8), pnginfo=info)
    assert len(bomb) < MAX_BYTES

    with pytest.raises(ValidationError):
        validate_logo(upload(bomb))


def test_a_file_over_a_megabyte_is_refused_before_it_is_read():
    with pytest.raises(ValidationError, match="at most 1 MB"):
        validate_logo(upload(picture() + b"\0" * MAX_BYTES))


@pytest.mark.parametrize(
    ("size", "redrawn"), [((400, 300), (256, 192)), ((300, 600), (128, 256)), ((16, 16), (16, 16))]
)
def test_a_logo_is_redrawn_as_a_small_png(size, redrawn):
    result = redrawn_logo(upload(picture("JPEG", size)), "cursor")

    picture_again = Image.open(result)
    assert (result.name, picture_again.format, picture_again.size) == ("cursor.png", "PNG", redrawn)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_but_the_pixels_survives(kind):
    exif = Image.Exif()
    exif[0x010E] = "SECRET place"
    options: dict[str, object] = {"exif": exif}
    if kind == "PNG":
        info = PngInfo()
        info.add_text("comment", "SECRET author")
        options["pnginfo"] = info
    polyglot = picture(kind, **options) + SCRIPT
    validate_logo(upload(polyglot))

    content = redrawn_logo(upload(polyglot), "a").read()

    assert b"SECRET" in polyglot
    assert b"SECRET" not in content
    assert b"script" not in content
    assert dict(Image.open(BytesIO(content)).info) == {}


def test_an_animation_becomes_a_still():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])

    validate_logo(upload(out.getvalue()))

    assert getattr(Image.open(redrawn_logo(upload(out.getvalue()), "a")), "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_pixel_can_be_redrawn(mode):
    out = BytesIO()
    Image.new(mode, (30, 30)).save(out, "PNG")

    validate_logo(upload(out.getvalue()))

    assert Image.open(redrawn_logo(upload(out.getvalue()), "a")).mode == "RGBA"
