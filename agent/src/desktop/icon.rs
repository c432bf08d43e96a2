//! The pictures of the tray: drawn as SVG in `agent/icons/`, and rendered there by a script.

use super::menu::State;

/// Pixels to each side.
pub const SIZE: u32 = 48;

/// The picture for a state: rows of pixels, four bytes each (red, green, blue, opacity).
pub const fn pixels(state: State) -> &'static [u8] {
    match state {
        State::Idle => include_bytes!("../../icons/idle.rgba"),
        State::Holding => include_bytes!("../../icons/holding.rgba"),
        State::Attention => include_bytes!("../../icons/attention.rgba"),
        State::Away => include_bytes!("../../icons/away.rgba"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const _: () = assert!(SIZE == 48);
    const ALL: [State; 4] = [State::Idle, State::Holding, State::Attention, State::Away];

    /// Which pixels are drawn at all, at the size of a small panel: what is left when colours are taken away.
    fn shape(state: State) -> Vec<bool> {
        let pixels = pixels(state);
        let side = 48;
        let opaque = |x: usize, y: usize| pixels[(y * side + x) * 4 + 3] > 127;
        let block = |x: usize, y: usize| {
            let drawn = (0..9).filter(|n| opaque(x * 3 + n % 3, y * 3 + n / 3)).count();
            drawn >= 5
        };
        (0..16 * 16).map(|n| block(n % 16, n / 16)).collect()
    }

    #[test]
    fn each_state_has_a_shape_of_its_own() {
        for (at, one) in ALL.into_iter().enumerate() {
            assert_eq!(pixels(one).len(), 48 * 48 * 4, "{one:?}");
            for other in &ALL[at + 1..] {
                let (a, b) = (shape(one), shape(*other));
                let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
                assert!(
                    differ > 40,
                    "{one:?} and {other:?} differ in {differ} of 256 pixels"
                );
            }
        }
    }
}
