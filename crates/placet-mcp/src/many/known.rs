//! Which server has what, as far as they have said.

use std::collections::HashMap;

use super::route;
use crate::message::Message;

/// Most resources, and most tasks, whose server is remembered.
const MAX_OWNERS: usize = 65_536;

/// Most templates of resources whose server is remembered: each is looked at for every resource that
/// is on no list.
const MAX_TEMPLATES: usize = 1024;

/// Which server has which resources and tasks.
#[derive(Default)]
pub(super) struct Known {
    /// Resources, and templates as they are written.
    owners: HashMap<String, usize>,
    /// What the resources of a template begin with.
    templates: Vec<(String, usize)>,
    tasks: HashMap<String, usize>,
}

impl Known {
    /// Notes what is on a page of the list of these.
    pub(super) fn listed(&mut self, number: usize, of: &str, listed: Vec<String>) {
        for name in listed {
            if of == "tasks" {
                self.has_task(number, name);
                continue;
            }
            let is_new = self.owners.len() < MAX_OWNERS && !self.owners.contains_key(&name);
            if of == "resourceTemplates" && is_new && self.templates.len() < MAX_TEMPLATES {
                let beginning = name.split('{').next().unwrap_or_default();
                self.templates.push((beginning.to_owned(), number));
            }
            if is_new {
                self.owners.insert(name, number);
            }
        }
    }

    /// Notes the task that a call has become.
    pub(super) fn began(&mut self, number: usize, answer: &Message) {
        if let Some(task) = route::begun(answer) {
            self.has_task(number, task);
        }
    }

    fn has_task(&mut self, number: usize, task: String) {
        if self.tasks.len() < MAX_OWNERS {
            self.tasks.insert(task, number);
        }
    }

    /// Whose resource this is: the one's that has listed it, or that has the template which is most like
    /// it.
    pub(super) fn owner(&self, uri: &str) -> Option<usize> {
        let of_template = || {
            let fits = self.templates.iter().filter(|(beginning, _)| uri.starts_with(beginning));
            fits.max_by_key(|(beginning, _)| beginning.len()).map(|(_, number)| *number)
        };
        self.owners.get(uri).copied().or_else(of_template)
    }

    /// Whose task this is.
    pub(super) fn task(&self, task: &str) -> Option<usize> {
        self.tasks.get(task).copied()
    }
}
