//! The same rules, given to Cedar as one policy set.

use anyhow::Result;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, RestrictedExpression,
};

use crate::sample::{self, Refund};

pub(super) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    principal: EntityUid,
    resource: EntityUid,
    action: EntityTypeName,
}

impl Cedar {
    pub(super) fn new(classes: usize) -> Result<Self> {
        let rules = sample::cedar(classes) + "permit(principal, action, resource);\n";
        let entity = |kind: &str, id: &str| -> Result<EntityUid> {
            Ok(EntityUid::from_type_name_and_id(kind.parse()?, EntityId::new(id)))
        };
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: rules.parse()?,
            entities: Entities::empty(),
            principal: entity("Agent", "support-bot")?,
            resource: entity("Tool", "refund")?,
            action: "Action".parse()?,
        })
    }

    /// Whether a rule forbids the refund.
    pub(super) fn forbids(&self, refund: &Refund) -> Result<bool> {
        let request = self.request(refund)?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        Ok(response.decision() == Decision::Deny)
    }

    fn request(&self, refund: &Refund) -> Result<Request> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let params = RestrictedExpression::new_record([
            ("order".to_owned(), text(&refund.order)),
            ("amount".to_owned(), RestrictedExpression::new_long(refund.amount.into())),
            ("currency".to_owned(), text("EUR")),
        ])?;
        let context = Context::from_pairs([("params".to_owned(), params)])?;
        let action = EntityId::new(&refund.class);
        let action = EntityUid::from_type_name_and_id(self.action.clone(), action);
        let (principal, resource) = (self.principal.clone(), self.resource.clone());
        Ok(Request::new(principal, action, resource, context, None)?)
    }
}
