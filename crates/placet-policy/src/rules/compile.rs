//! From Cedar's syntax tree to a [`Node`], where the whole condition can be one.
//!
//! Whatever is not listed here is left to Cedar itself, so nothing is ever approximated.

use cedar_policy::pst;
use cedar_policy::pst::{BinaryOp, Clause, Expr, UnaryOp, Var};

use super::pattern::Pattern;
use super::program::{Arithmetic, Comparison, EntityKind, Literal, Membership, Node};
use super::request::Field;

/// The name of the field of the context that has the params.
pub(super) const PARAMS: &str = "params";

/// The condition of a rule without the scope of its action, which the index takes care of.
pub(super) fn condition(rule: &pst::Template) -> Option<Node> {
    let mut nodes = vec![principal(&rule.principal)?, resource(&rule.resource)?];
    for clause in rule.clauses() {
        nodes.push(match clause {
            Clause::When(condition) => node(condition)?,
            Clause::Unless(condition) => Node::Not(Box::new(node(condition)?)),
        });
    }
    let always = Node::Literal(Literal::Bool(true));
    let conditions = nodes.into_iter().filter(|node| !is_true(node));
    Some(conditions.reduce(|left, right| Node::And(Box::new([left, right]))).unwrap_or(always))
}

fn is_true(node: &Node) -> bool {
    matches!(node, Node::Literal(Literal::Bool(true)))
}

fn principal(scope: &pst::PrincipalConstraint) -> Option<Node> {
    use pst::PrincipalConstraint as Scope;
    match scope {
        Scope::Any => Some(Node::Literal(Literal::Bool(true))),
        Scope::Eq(entity) => Some(equal(Node::Principal, scope_entity(entity)?)),
        Scope::In(entity) => Some(is_in(Node::Principal, scope_entity(entity)?)),
        Scope::Is(kind) => is(Node::Principal, kind),
        Scope::IsIn(kind, entity) => {
            let is = is(Node::Principal, kind)?;
            Some(Node::And(Box::new([is, is_in(Node::Principal, scope_entity(entity)?)])))
        }
    }
}

fn resource(scope: &pst::ResourceConstraint) -> Option<Node> {
    use pst::ResourceConstraint as Scope;
    match scope {
        Scope::Any => Some(Node::Literal(Literal::Bool(true))),
        Scope::Eq(entity) => Some(equal(Node::Resource, scope_entity(entity)?)),
        Scope::In(entity) => Some(is_in(Node::Resource, scope_entity(entity)?)),
        Scope::Is(kind) => is(Node::Resource, kind),
        Scope::IsIn(kind, entity) => {
            let is = is(Node::Resource, kind)?;
            Some(Node::And(Box::new([is, is_in(Node::Resource, scope_entity(entity)?)])))
        }
    }
}

fn scope_entity(entity: &pst::EntityOrSlot) -> Option<Node> {
    match entity {
        pst::EntityOrSlot::Entity(uid) => entity_literal(uid).map(Node::Literal),
        pst::EntityOrSlot::Slot(_) => None,
    }
}

fn equal(left: Node, right: Node) -> Node {
    Node::Equal { sides: Box::new([left, right]), wanted: true }
}

fn is_in(left: Node, right: Node) -> Node {
    Node::In(Box::new([left, right]))
}

fn is(node: Node, kind: &pst::EntityType) -> Option<Node> {
    Some(Node::Is(Box::new(node), entity_kind(kind)?))
}

fn node(expr: &Expr) -> Option<Node> {
    match expr {
        Expr::Literal(value) => literal(value).map(Node::Literal),
        Expr::Var(Var::Principal) => Some(Node::Principal),
        Expr::Var(Var::Action) => Some(Node::Action),
        Expr::Var(Var::Resource) => Some(Node::Resource),
        Expr::UnaryOp { op, expr } => unary(*op, expr),
        Expr::BinaryOp { op, left, right } => binary(*op, Box::new([node(left)?, node(right)?])),
        Expr::GetAttr { expr, attr } => attribute(expr, attr),
        Expr::HasAttr { expr, attrs } => {
            let attrs: Vec<_> = attrs.iter().map(pst::SmolStr::as_str).collect();
            has(expr, &attrs)
        }
        Expr::Like { expr, pattern } => {
            Some(Node::Like(Box::new(node(expr)?), Pattern::new(pattern)))
        }
        Expr::Is { expr, entity_type, in_expr: None } => is(node(expr)?, entity_type),
        Expr::Is { expr, entity_type, in_expr: Some(of) } => {
            let is = is(node(expr)?, entity_type)?;
            let sides = Box::new([node(expr)?, node(of)?]);
            Some(Node::And(Box::new([is, binary(BinaryOp::In, sides)?])))
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            Some(Node::If(Box::new([node(cond)?, node(then_expr)?, node(else_expr)?])))
        }
        Expr::Set(items) => set(items),
        _ => None,
    }
}

fn unary(op: UnaryOp, expr: &Expr) -> Option<Node> {
    match op {
        UnaryOp::Not => Some(Node::Not(Box::new(node(expr)?))),
        UnaryOp::Neg => Some(Node::Negative(Box::new(node(expr)?))),
        UnaryOp::IsEmpty => Some(Node::IsEmpty(Box::new(node(expr)?))),
        UnaryOp::Decimal => constant_decimal(expr).map(Node::Literal),
        _ => None,
    }
}

fn binary(op: BinaryOp, sides: Box<[Node; 2]>) -> Option<Node> {
    Some(match op {
        BinaryOp::And => Node::And(sides),
        BinaryOp::Or => Node::Or(sides),
        BinaryOp::Eq => Node::Equal { sides, wanted: true },
        BinaryOp::NotEq => Node::Equal { sides, wanted: false },
        BinaryOp::Less => Node::Longs(Comparison::Less, sides),
        BinaryOp::LessEq => Node::Longs(Comparison::LessEq, sides),
        BinaryOp::Greater => Node::Longs(Comparison::Greater, sides),
        BinaryOp::GreaterEq => Node::Longs(Comparison::GreaterEq, sides),
        BinaryOp::DecimalLessThan => Node::Decimals(Comparison::Less, sides),
        BinaryOp::DecimalLessEq => Node::Decimals(Comparison::LessEq, sides),
        BinaryOp::DecimalGreater => Node::Decimals(Comparison::Greater, sides),
        BinaryOp::DecimalGreaterEq => Node::Decimals(Comparison::GreaterEq, sides),
        BinaryOp::Add => Node::Arithmetic(Arithmetic::Add, sides),
        BinaryOp::Sub => Node::Arithmetic(Arithmetic::Sub, sides),
        BinaryOp::Mul => Node::Arithmetic(Arithmetic::Mul, sides),
        BinaryOp::Contains => Node::Membership(Membership::Contains, sides),
        BinaryOp::ContainsAll => Node::Membership(Membership::All, sides),
        BinaryOp::ContainsAny => Node::Membership(Membership::Any, sides),
        // Who is in what is known of the call itself; Cedar is told of the actions that a rule names.
        BinaryOp::In if is_variable(&sides) => Node::In(sides),
        _ => return None,
    })
}

fn is_variable([left, _]: &[Node; 2]) -> bool {
    matches!(left, Node::Principal | Node::Action | Node::Resource)
}

fn attribute(of: &Expr, name: &str) -> Option<Node> {
    if is_params(of) {
        return Some(Node::Param(name.into()));
    }
    if *of == Expr::Var(Var::Context) { Field::of(name).map(Node::Field) } else { None }
}

fn has(of: &Expr, names: &[&str]) -> Option<Node> {
    if is_params(of) {
        return match names {
            [param] => Some(Node::HasParam((*param).into())),
            _ => None,
        };
    }
    match names {
        _ if *of != Expr::Var(Var::Context) => None,
        [PARAMS] => Some(Node::Literal(Literal::Bool(true))),
        [PARAMS, param] => Some(Node::HasParam((*param).into())),
        [name] => {
            let absent = Node::Literal(Literal::Bool(false));
            Some(Field::of(name).map_or(absent, Node::HasField))
        }
        _ => None,
    }
}

/// Whether an expression is `context.params`.
pub(super) fn is_params(expr: &Expr) -> bool {
    match expr {
        Expr::GetAttr { expr, attr } => **expr == Expr::Var(Var::Context) && attr == PARAMS,
        _ => false,
    }
}

fn set(items: &[std::sync::Arc<Expr>]) -> Option<Node> {
    let constant = |item: &std::sync::Arc<Expr>| match node(item)? {
        Node::Literal(literal) => Some(literal),
        _ => None,
    };
    let mut literals: Vec<Literal> = items.iter().map(constant).collect::<Option<_>>()?;
    literals.sort_unstable_by(|left, right| left.scalar().cmp(&right.scalar()));
    literals.dedup();
    Some(Node::Set(literals.into()))
}

fn literal(value: &pst::Literal) -> Option<Literal> {
    match value {
        pst::Literal::Bool(flag) => Some(Literal::Bool(*flag)),
        pst::Literal::Long(number) => Some(Literal::Long(*number)),
        pst::Literal::String(text) => Some(Literal::Text(text.as_str().into())),
        pst::Literal::EntityUID(uid) => entity_literal(uid),
        _ => None,
    }
}

fn entity_literal(uid: &pst::EntityUID) -> Option<Literal> {
    Some(Literal::Entity(entity_kind(&uid.ty)?, uid.eid.as_str().into()))
}

fn entity_kind(kind: &pst::EntityType) -> Option<EntityKind> {
    let pst::EntityType(name) = kind;
    let known = |kind: &EntityKind| name.namespace.is_empty() && name.id.as_str() == kind.name();
    EntityKind::ALL.into_iter().find(known)
}

/// `decimal("12.50")` in ten-thousandths. The validator has seen to it that the text is one that
/// Cedar reads: digits on both sides of the point, at most four after it.
fn constant_decimal(expr: &Expr) -> Option<Literal> {
    let Expr::Literal(pst::Literal::String(text)) = expr else { return None };
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() > 4 {
        return None;
    }
    format!("{whole}{fraction:0<4}").parse().ok().map(Literal::Decimal)
}
