//! Comparing signatures. The comparisons take the same time wherever two values differ.

use ring::{hmac, signature};

/// True if `given` is the HMAC-SHA256 of the pieces.
pub(super) fn hmac_matches(secret: &[u8], pieces: &[&[u8]], given: &[u8]) -> bool {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    for piece in pieces {
        context.update(piece);
    }
    let expected = context.sign();
    subtle::ConstantTimeEq::ct_eq(expected.as_ref(), given).into()
}

/// True if `given` is the Ed25519 signature of `message` by the owner of `public_key`.
pub(super) fn ed25519_matches(public_key: &[u8], message: &[u8], given: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(&signature::ED25519, public_key).verify(message, given).is_ok()
}

/// Bytes in hexadecimal.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
