//! What a terminal shows in the end of all that was written to it.

/// The lines of a screen, without what was wiped. Knows what a progress line needs, and refuses the
/// rest: nothing else belongs on a terminal.
pub fn shown(written: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(written).unwrap();
    let mut screen = Screen { lines: vec![Vec::new()], row: 0, column: 0 };
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\r' => screen.column = 0,
            '\n' => screen.down(),
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['), "only control sequences: {text:?}");
                let is_parameter = |character: &char| matches!(character, '0'..='9' | ';');
                let parameter: String = rest.clone().take_while(is_parameter).collect();
                let last = rest.nth(parameter.len()).unwrap();
                screen.obey(&parameter, last);
            }
            character => {
                assert!(!character.is_control(), "{character:?} in {text:?}");
                screen.put(character);
            }
        }
    }
    let lines = screen.lines.iter().map(|line| line.iter().collect::<String>());
    let mut lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn down(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    fn put(&mut self, character: char) {
        let line = &mut self.lines[self.row];
        if line.len() <= self.column {
            line.resize(self.column + 1, ' ');
        }
        line[self.column] = character;
        self.column += 1;
    }

    fn obey(&mut self, parameter: &str, last: char) {
        let count = parameter.parse().unwrap_or(1);
        match (last, parameter) {
            ('m', _) => {}
            ('A', _) => self.row = self.row.saturating_sub(count),
            ('B', _) => (0..count).for_each(|_| self.down()),
            ('K', "2") => self.lines[self.row].clear(),
            ('K', "" | "0") => self.lines[self.row].truncate(self.column),
            other => panic!("the control sequence {other:?}"),
        }
    }
}
