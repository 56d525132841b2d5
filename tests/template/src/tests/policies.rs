use crate::{Request, Template};

const TEMPLATE: &str = r#"
Resources:
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - { Effect: Allow, Resource: !GetAtt Runs.Arn, Action: sqs:SendMessage }
  Example:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: example } }
    Properties:
      Policies:
        - !Ref Shared
        - Statement:
            - { Effect: Allow, Resource: !GetAtt Table.Arn, Action: [dynamodb:GetItem, dynamodb:BatchGetItem],
                Condition: { ForAllValues:StringLike: { dynamodb:LeadingKeys: [user, "erp_record:*"] } } }
            - { Effect: Allow, Resource: !Sub "${Table.Arn}/index/by_owner", Action: [dynamodb:Query],
                Condition: { ForAllValues:StringLike: { dynamodb:LeadingKeys: ["erp_connection:*"] } } }
"#;

fn allows(action: &str, resource: &str, keys: &[&str]) -> bool {
    let template = Template::read(TEMPLATE);
    let leading_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let request = Request { action: action.to_owned(), resource: resource.to_owned(), leading_keys };
    template.function("example").unwrap().policy().allows(&request)
}

#[test]
fn a_request_needs_a_grant_of_its_action_on_its_resource() {
    assert!(allows("dynamodb:GetItem", "${Table.Arn}", &["user"]));
    assert!(!allows("dynamodb:PutItem", "${Table.Arn}", &["user"]));
    assert!(!allows("dynamodb:GetItem", "${Other.Arn}", &["user"]));
    assert!(allows("sqs:SendMessage", "${Runs.Arn}", &[]), "by the policy it shares");
}

#[test]
fn each_of_its_keys_must_be_granted() {
    assert!(allows("dynamodb:BatchGetItem", "${Table.Arn}", &["user", "erp_record:a:products:1"]));
    assert!(!allows("dynamodb:BatchGetItem", "${Table.Arn}", &["user", "user_email"]));
    assert!(!allows("dynamodb:GetItem", "${Table.Arn}", &["erp_records"]));
}

#[test]
fn a_grant_on_an_index_is_none_on_the_table() {
    assert!(allows("dynamodb:Query", "${Table.Arn}/index/by_owner", &["erp_connection:a"]));
    assert!(!allows("dynamodb:Query", "${Table.Arn}", &["erp_connection:a"]));
    assert!(!allows("dynamodb:Query", "${Table.Arn}/index/by_kind", &["erp_connection:a"]));
}

#[test]
#[should_panic(expected = "cannot judge")]
fn a_form_that_the_tests_do_not_know_is_refused() {
    let denying = TEMPLATE.replacen("Effect: Allow", "Effect: Deny", 1);
    drop(Template::read(&denying).function("example").unwrap().policy());
}
