//! What a rule looks at, of the things that a call can get wrong.
//!
//! `context.params has amount` is false for Cedar where `amount` is a string that should have been
//! a number, and a rule that begins with it would pass. So a rule that looks at something unusable,
//! in whatever way, fails before it is evaluated.

use std::collections::BTreeSet;

use cedar_policy::pst::{Clause, Expr, Template, Var};

use super::compile::{PARAMS, is_params};
use super::request::{Facts, Field};

/// What a rule looks at.
#[derive(Debug, Default)]
pub(super) struct Touches {
    value: bool,
    every_param: bool,
    params: BTreeSet<Box<str>>,
}

impl Touches {
    pub(super) fn of(rule: &Template) -> Self {
        let mut touches = Self::default();
        for clause in rule.clauses() {
            let (Clause::When(condition) | Clause::Unless(condition)) = clause;
            touches.look(condition);
        }
        touches
    }

    /// Of a rule whose condition cannot be seen: everything.
    pub(super) fn everything() -> Self {
        Self { value: true, every_param: true, params: BTreeSet::new() }
    }

    /// Whether everything that the rule looks at can be looked at.
    pub(super) fn are_usable(&self, facts: &Facts<'_>) -> bool {
        facts.usable
            || ((!self.value || facts.can_use_value())
                && (!self.every_param || facts.can_use_params())
                && self.params.iter().all(|param| facts.can_use(param)))
    }

    fn look(&mut self, expr: &Expr) {
        match expr {
            Expr::GetAttr { expr, attr } if is_params(expr) => self.param(attr),
            Expr::HasAttr { expr, attrs } if is_params(expr) => self.param(&attrs.head),
            Expr::GetAttr { expr, attr } if is_context(expr) => {
                self.field(attr, None);
            }
            Expr::HasAttr { expr, attrs } if is_context(expr) => {
                self.field(&attrs.head, attrs.tail.first().map(AsRef::as_ref));
            }
            Expr::Var(Var::Context) => *self = Self::everything(),
            other => self.look_inside(other),
        }
    }

    fn look_inside(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal(_) | Expr::Var(_) => {}
            Expr::UnaryOp { expr, .. }
            | Expr::GetAttr { expr, .. }
            | Expr::HasAttr { expr, .. }
            | Expr::Like { expr, .. }
            | Expr::Is { expr, in_expr: None, .. } => self.look(expr),
            Expr::BinaryOp { left, right, .. }
            | Expr::Is { expr: left, in_expr: Some(right), .. } => {
                self.look(left);
                self.look(right);
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                [cond, then_expr, else_expr].into_iter().for_each(|expr| self.look(expr));
            }
            Expr::Set(items) => items.iter().for_each(|item| self.look(item)),
            Expr::Record(fields) => fields.values().for_each(|field| self.look(field)),
            _ => *self = Self::everything(),
        }
    }

    fn field(&mut self, name: &str, then: Option<&str>) {
        match (name, then) {
            (PARAMS, Some(param)) => self.param(param),
            (PARAMS, None) => self.every_param = true,
            (name, _) => self.value |= name == Field::Value.name(),
        }
    }

    fn param(&mut self, name: &str) {
        self.params.insert(name.into());
    }
}

fn is_context(expr: &Expr) -> bool {
    *expr == Expr::Var(Var::Context)
}
