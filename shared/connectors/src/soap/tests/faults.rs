//! What an answer that is no success means for what is read and for what was sent.

use super::*;

/// An envelope around a Body, for the test server to answer.
fn envelope(body: &str) -> &'static str {
    let namespace = "http://schemas.xmlsoap.org/soap/envelope/";
    format!("<s:Envelope xmlns:s='{namespace}'><s:Body>{body}</s:Body></s:Envelope>").leak()
}

fn fault_11(code: &str) -> &'static str {
    envelope(&format!("<s:Fault><faultcode>{code}</faultcode><faultstring>Oh no</faultstring></s:Fault>"))
}

fn fault_12(code: &str, subcode: &str) -> &'static str {
    envelope(&format!(
        "<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text xml:lang='en'>Oh no</s:Text></s:Reason></s:Fault>"
    ))
}

/// What an answer comes to: for a test of the connection, and for a new order.
async fn fate(status: u16, body: &'static str) -> (ErpError, PushError) {
    let erp = start::<false>(1).await;
    erp.next([Mood::Answers(status, None, body), Mood::Answers(status, None, body)]);
    let read = usual(&erp).test().await.unwrap_err();
    let pushed = send::<Erp<false>>(&*usual(&erp), Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(erp.is_calm());
    (read, pushed)
}

#[tokio::test]
async fn the_senders_faults_are_rejected_at_any_status() {
    for status in [200, 400, 500] {
        for body in [
            fault_11("s:Client"),
            fault_11("s:Client.Invalid"),
            fault_11("1001"),
            fault_12("s:Sender", "x:NoCustomer"),
        ] {
            let (read, pushed) = fate(status, body).await;
            assert!(
                matches!(&read, ErpError::Rejected(why) if why.ends_with(": Oh no")),
                "{status}: {read:?}"
            );
            assert!(matches!(pushed, PushError::Rejected(ErpError::Rejected(_))), "{status}: {pushed:?}");
        }
    }
}

#[tokio::test]
async fn the_receivers_faults_pass_and_leave_an_order_in_doubt() {
    for status in [200, 500] {
        for body in [fault_11("s:Server.Busy"), fault_12("s:Receiver", "x:Busy")] {
            let (read, pushed) = fate(status, body).await;
            assert!(matches!(read, ErpError::Unavailable(_)), "{status}: {read:?}");
            assert!(matches!(pushed, PushError::Unknown(ErpError::Unavailable(_))), "{status}: {pushed:?}");
        }
    }
}

#[tokio::test]
async fn faults_of_the_header_are_for_a_person_and_nothing_was_done() {
    for body in [fault_11("wsse:FailedAuthentication"), fault_12("s:Sender", "wsse:InvalidSecurity")] {
        let (read, pushed) = fate(500, body).await;
        assert!(matches!(read, ErpError::Unauthorized(_)), "{read:?}");
        assert!(matches!(pushed, PushError::NotSent(ErpError::Unauthorized(_))), "{pushed:?}");
    }
    for (body, setting) in
        [(fault_11("s:VersionMismatch"), "soap.version"), (fault_12("s:MustUnderstand", ""), "soap.auth")]
    {
        let (read, pushed) = fate(500, body).await;
        assert!(matches!(&read, ErpError::Misconfigured(why) if why.contains(setting)), "{read:?}");
        assert!(matches!(pushed, PushError::NotSent(ErpError::Misconfigured(_))), "{pushed:?}");
    }
}

#[tokio::test]
async fn a_status_that_says_what_to_do_goes_before_its_fault() {
    let (read, pushed) = fate(503, fault_11("s:Client")).await;
    assert!(matches!(read, ErpError::Unavailable(_)), "{read:?}");
    assert!(matches!(pushed, PushError::NotSent(_)), "{pushed:?}");
    let (read, pushed) = fate(401, fault_11("s:Server")).await;
    assert!(matches!(read, ErpError::Unauthorized(_)), "{read:?}");
    assert!(matches!(pushed, PushError::NotSent(_)), "{pushed:?}");
    let (read, pushed) = fate(404, "<html/>").await;
    assert!(matches!(read, ErpError::Rejected(_)), "{read:?}");
    assert!(matches!(pushed, PushError::Rejected(_)), "{pushed:?}");
}

#[tokio::test]
async fn only_what_may_pass_is_asked_again() {
    let erp = start::<false>(3).await;
    let patient = || connect(&erp.origin, &settings(1), soap_settings(false), "good");
    erp.next([Mood::Answers(200, None, fault_11("s:Server"))]);
    assert_eq!(pulled(&*patient(), 10).await.unwrap().0, 3);
    erp.next([Mood::Answers(500, None, fault_11("s:Client")), Mood::Answers(500, None, "kept")]);
    let error = pulled(&*patient(), 10).await.unwrap_err();
    assert!(matches!(error, ErpError::Rejected(_)), "{error:?}");
    assert!(!erp.is_calm(), "a mistake of ours is not repeated");
}

#[tokio::test]
async fn what_expands_or_is_no_envelope_is_malformed() {
    let bomb = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    let deep = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    for (body, words) in [
        (bomb, "declares something of its own"),
        (envelope("<a>&x;</a>"), "the entity &x; is not accepted"),
        (envelope(&deep), "more than 64 deep"),
        ("<Order/>", "it begins with Order"),
        ("<html><title>Welcome</title></html>", "a web page (\"Welcome\")"),
        (&envelope("<a/>")[..80], "is no SOAP envelope"),
        ("", "with nothing in it"),
        (envelope(""), "nothing in the Body"),
    ] {
        let erp = start::<false>(1).await;
        erp.next([Mood::Answers(200, None, body)]);
        let error = usual(&erp).test().await.unwrap_err();
        assert!(matches!(&error, ErpError::Malformed(why) if why.contains(words)), "{words}: {error:?}");
    }
}

#[tokio::test]
async fn a_business_refusal_may_stand_in_an_answer_or_in_a_fault() {
    let erp = start::<false>(1).await;
    let connector = changed(&erp, |soap| {
        let sign = json!({"path": "Fault.detail.OrderRefused", "wordsPath": "Fault.detail.OrderRefused.why"});
        soap["push"]["orders"]["create"]["refusal"] = sign;
    });
    let detail = "<s:Fault><faultcode>s:Server</faultcode><faultstring>Internal</faultstring><detail>\
                  <OrderRefused><why>Credit limit</why></OrderRefused></detail></s:Fault>";
    erp.next([Mood::Answers(500, None, envelope(detail))]);
    let error = send::<Erp<false>>(&*connector, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().ends_with("refused: Credit limit")),
        "{error:?}"
    );
    let mut nobody = order();
    nobody["customerId"] = "nobody".into();
    let error = send::<Erp<false>>(&*usual(&erp), Operation::Create, "WEB-1", &nobody).await.unwrap_err();
    let words = "refused: No such customer nobody";
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().ends_with(words)), "{error:?}");
}

#[tokio::test]
async fn an_answer_without_the_key_leaves_an_order_in_doubt_unless_none_was_promised() {
    let erp = start::<false>(1).await;
    erp.next([Mood::Answers(200, None, envelope("<CreateOrderResponse/>")), Mood::Answers(202, None, "")]);
    let connector = usual(&erp);
    let error = send::<Erp<false>>(&*connector, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::Unknown(why) if why.to_string().contains("keyPath")), "{error:?}");
    let pushed = send::<Erp<false>>(&*connector, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key, None);
}

#[tokio::test]
async fn a_look_up_counts_only_what_holds_the_reference() {
    let order = |number: &str, reference: &str| {
        format!("<Order><OrderNumber>{number}</OrderNumber><Reference>{reference}</Reference></Order>")
    };
    let found = |orders: String| {
        envelope(&format!("<FindOrdersResponse><Orders>{orders}</Orders></FindOrdersResponse>"))
    };
    let erp = start::<false>(0).await;
    erp.next([
        Mood::Answers(200, None, found(order("SO-1", "WEB-10") + &order("SO-2", " WEB-1 "))),
        Mood::Answers(200, None, found(order("SO-1", "WEB-10"))),
        Mood::Answers(200, None, found(order("SO-1", "WEB-1") + &order("SO-2", "WEB-1"))),
        Mood::Answers(200, None, found("<Order><Reference>WEB-1</Reference></Order>".to_owned())),
        Mood::Answers(500, None, fault_11("s:Client.NotFound")),
        Mood::Answers(500, None, fault_11("s:Client.Other")),
    ]);
    let connector = changed(&erp, |soap| {
        let sign = json!({"path": "Fault.faultcode", "values": ["s:Client.NotFound"]});
        soap["push"]["orders"]["find"]["notFound"] = sign;
    });
    let ours = Some(Found { erp_key: Some("SO-2".to_owned()) });
    assert_eq!(find_over(&*connector, "WEB-1").await, Ok(ours));
    for words in ["do not hold the reference WEB-1", "2 different records", "has no key"] {
        let error = find_over(&*connector, "WEB-1").await.unwrap_err();
        assert!(matches!(&error, ErpError::Malformed(why) if why.contains(words)), "{error:?}");
    }
    assert_eq!(find_over(&*connector, "WEB-1").await, Ok(None));
    assert!(matches!(find_over(&*connector, "WEB-1").await, Err(ErpError::Rejected(_))));
}

#[tokio::test]
async fn a_password_that_they_repeat_is_not_passed_on() {
    let erp = start::<true>(1).await;
    let error = Erp::<true>::connector(&erp.origin, &settings(0), false).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("••• is not the password of erp")),
        "{error:?}"
    );
}
