//! How two texts differ, line by line.

/// Shows two texts' lines: what is only wanted after `-`, what is only there after `+`.
pub(crate) fn difference(wanted: &str, found: &str) -> String {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), found.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    (old, new) = (old.split_off(same), new.split_off(same));
    while !old.is_empty() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let mut longest = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if old[i] == new[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
            text += &format!("  - {}\n", old[i]);
            i += 1;
        } else {
            text += &format!("  + {}\n", new[j]);
            j += 1;
        }
    }
    text
}
