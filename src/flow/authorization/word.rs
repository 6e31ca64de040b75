//! What a person types to answer a question of the wait.

/// The user's reply to a question.
pub enum Word {
    Yes,
    No,
}

impl Word {
    pub fn read(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(Self::Yes),
            "n" | "no" => Some(Self::No),
            _ => None,
        }
    }
}
