//! Names of result columns: a frame needs each of them once.

use std::collections::HashSet;

use polars_core::prelude::PlSmallStr;

/// Makes result names unique: a second `id` becomes `id_1`, a column without a name `column_` and its place, counted
/// from 0. A name that the query itself gives is never taken by a made one.
pub fn unique(names: Vec<String>) -> Vec<PlSmallStr> {
    let given: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut taken: HashSet<String> = HashSet::with_capacity(names.len());
    names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let wanted = if name.is_empty() { format!("column_{place}") } else { name.clone() };
            let free =
                |name: &str| !taken.contains(name) && (name == wanted && !name.is_empty() || !given.contains(name));
            let name = std::iter::once(wanted.clone())
                .chain((1..).map(|n| format!("{wanted}_{n}")))
                .find(|name| free(name))
                .unwrap_or(wanted.clone());
            taken.insert(name.clone());
            PlSmallStr::from_string(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unique;

    #[test]
    fn every_name_stands_once() {
        for (names, expected) in [
            (vec!["a", "b"], vec!["a", "b"]),
            (vec!["id", "id", "id"], vec!["id", "id_1", "id_2"]),
            (vec!["id", "id", "id_1"], vec!["id", "id_2", "id_1"]),
            (vec!["", "x", ""], vec!["column_0", "x", "column_2"]),
            (vec!["column_1", ""], vec!["column_1", "column_1_1"]),
            (vec![], vec![]),
        ] {
            assert_eq!(unique(names.iter().map(|n| (*n).to_owned()).collect()), expected, "{names:?}");
        }
    }
}
