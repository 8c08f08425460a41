"""Logos from outside: decoded, measured, and written afresh."""

from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 1_000_000
MAX_PIXELS = 2_000 * 2_000
SIDE = 256


def validate_logo(upload: File) -> None:
    """Raise ValidationError unless the upload is a PNG, JPEG or WebP of at most 1 MB and four million pixels.

    SVG is refused: it can carry script.
    """
    if upload.size > MAX_BYTES:
        raise ValidationError("A logo has at most 1 MB.")
    try:
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError("A logo has at most 2,000 by 2,000 pixels.")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError("A logo is a PNG, JPEG or WebP picture.") from error
    finally:
        upload.seek(0)


def redrawn_logo(upload: File, name: str) -> ContentFile:
    """Return the picture as a PNG of at most 256 pixels a side, without anything else the file carried."""
    with Image.open(upload, formats=FORMATS) as image:
        picture = image.convert("RGBA")
    picture.thumbnail((SIDE, SIDE))
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return ContentFile(out.getvalue(), name=f"{name}.png")
