//! Decodes images within bounds, for previews: and proves that they are images, so that no model's provider refuses a
//! thread because of one.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::FileError;

/// The longer side of a preview, in pixels.
const PREVIEW_SIDE: u32 = 512;
/// Pixels of an image: what today's cameras make, and no more.
const MAX_PIXELS: u64 = 50_000_000;
/// The longer side of an image, in pixels.
const MAX_SIDE: u32 = 30_000;
/// Bytes that a decoder may take for an image.
const MAX_DECODED_BYTES: u64 = 256 << 20;
/// From 1 to 100.
const JPEG_QUALITY: u8 = 80;

/// A small picture of an image.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: &'static str,
}

/// The preview of an image of this type. Takes a while: not for an async task.
pub(crate) fn preview(bytes: &Bytes, media_type: &str) -> Result<Preview, FileError> {
    let unusable = |message: String| FileError::Unusable { message };
    let broken = || unusable("the image can't be read".to_owned());
    let format = ImageFormat::from_mime_type(media_type).ok_or_else(broken)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| broken())?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(unusable(format!(
            "the image has {width} × {height} pixels; at most {MAX_PIXELS} are taken"
        )));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| broken())?;
    if width.max(height) > PREVIEW_SIDE {
        image = image.thumbnail(PREVIEW_SIDE, PREVIEW_SIDE);
    }
    image.apply_orientation(orientation);
    draw(&image).map_err(|error| FileError::Internal {
        detail: format!("a preview could not be drawn: {error}"),
    })
}

fn draw(image: &DynamicImage) -> image::ImageResult<Preview> {
    let mut bytes = Vec::new();
    if image.color().has_alpha() {
        let image = image.to_rgba8();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
        return Ok(Preview {
            bytes,
            media_type: "image/png",
        });
    }
    let image = image.to_rgb8();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
    Ok(Preview {
        bytes,
        media_type: "image/jpeg",
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn png(image: impl Into<DynamicImage>) -> Bytes {
        let mut bytes = Vec::new();
        let image: DynamicImage = image.into();
        image
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        bytes.into()
    }

    #[test]
    fn a_preview_is_small_and_keeps_the_shape() {
        let wide = png(RgbImage::from_pixel(2_048, 64, Rgb([9, 9, 9])));
        let small = png(RgbaImage::from_pixel(40, 20, Rgba([9, 9, 9, 0])));
        for (bytes, expected, media_type) in [
            (wide, (512, 16), "image/jpeg"),
            (small, (40, 20), "image/png"),
        ] {
            let preview = preview(&bytes, "image/png").unwrap();
            let drawn = image::load_from_memory(&preview.bytes).unwrap();
            assert_eq!((drawn.width(), drawn.height()), expected);
            assert_eq!(preview.media_type, media_type);
        }
    }

    #[test]
    fn what_is_no_image_or_too_much_of_one_is_refused() {
        let whole = png(RgbImage::new(64, 64));
        // The size is in the header; what would be drawn is a few bytes.
        let mut bomb = whole.to_vec();
        bomb[16..20].copy_from_slice(&20_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&20_000_u32.to_be_bytes());
        let checksum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        let refused = preview(&bomb.into(), "image/png").unwrap_err().to_string();
        let expected = "the image has 20000 × 20000 pixels; at most 50000000 are taken";
        assert_eq!(refused, expected);

        let cut = whole.slice(..whole.len() / 2);
        let junk = Bytes::from_static(b"\x89PNG\r\n\x1a\njunk");
        for broken in [cut, junk] {
            let refused = preview(&broken, "image/png").unwrap_err().to_string();
            assert_eq!(refused, "the image can't be read");
        }
    }

    /// <https://www.w3.org/TR/png-3/#D-CRCAppendix>
    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                let carry = if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
                crc = (crc >> 1) ^ carry;
            }
        }
        !crc
    }
}
