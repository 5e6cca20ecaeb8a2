//! Counts the words of files, or of what is typed, shows the most frequent ones, and writes all of them to `words.csv`.
//!
//! `words [FILE...]`

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    process::ExitCode,
};

/// Where all of them are written.
const LIST: &str = "words.csv";

/// How many are shown, and how long the longest bar is.
const SHOWN: usize = 10;
/// See [`SHOWN`].
const BAR: usize = 30;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("words: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut counts = HashMap::new();
    let files: Vec<_> = std::env::args().skip(1).collect();
    if files.is_empty() {
        if io::stdin().is_terminal() {
            println!("Type some text; Ctrl-D at the beginning of a line ends it.");
        }
        count(io::stdin().lock(), &mut counts)?;
    }
    for name in files {
        let file = fs::File::open(&name)
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        count(BufReader::new(file), &mut counts)?;
    }

    let mut words: Vec<_> = counts.into_iter().collect();
    words.sort_by(|(word, count), (other_word, other)| other.cmp(count).then_with(|| word.cmp(other_word)));
    let mut list = fs::File::create(LIST)?;
    for (word, count) in &words {
        writeln!(list, "{word},{count}")?;
    }

    let total: usize = words.iter().map(|(_, count)| count).sum();
    println!("{total} words, {} different, all of them in {LIST}", words.len());
    let most = words.first().map_or(1, |&(_, count)| count);
    for (word, count) in words.iter().take(SHOWN) {
        println!("{count:>6}  {:<BAR$}  {word}", "#".repeat((count * BAR).div_ceil(most)));
    }
    Ok(())
}

/// Adds the words of a text, in small letters. An apostrophe between letters is part of a word.
fn count(text: impl BufRead, counts: &mut HashMap<String, usize>) -> io::Result<()> {
    for line in text.lines() {
        let line = line?.to_lowercase();
        let pieces = line.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '’');
        for word in pieces.map(|piece| piece.trim_matches(['\'', '’'])).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    Ok(())
}
