//! Every way to ask for the next page.

use super::*;

/// Sets how the next page is asked for.
fn paged<const V12: bool>(erp: &Server<Erp<V12>>, placeholder: &str, paging: &Value) -> Box<dyn Connector> {
    changed(erp, |soap| {
        let read = &mut soap["read"]["products"];
        let body = format!(
            "<e:GetProducts xmlns:e='urn:erp'><e:Company>{{{{company}}}}</e:Company>{placeholder}\
             <e:PageSize>{{{{pageSize}}}}</e:PageSize></e:GetProducts>"
        );
        read["body"] = body.into();
        read["paging"] = paging.clone();
    })
}

const BY_PAGE: &str = "<e:Page>{{page}}</e:Page>";
const BY_OFFSET: &str = "<e:Offset>{{offset}}</e:Offset>";
const TOTAL: &str = "GetProductsResponse.Total";

#[tokio::test]
async fn every_style_yields_every_record_once() {
    let styles = [
        (BY_PAGE, json!({"style": "page"}), 4),
        (BY_PAGE, json!({"style": "page", "totalPath": TOTAL}), 3),
        (BY_OFFSET, json!({"style": "offset"}), 4),
        (BY_OFFSET, json!({"style": "offset", "totalPath": TOTAL}), 3),
        (
            "<e:Cursor>{{cursor}}</e:Cursor>",
            json!({"style": "cursor", "cursorPath": "GetProductsResponse.NextCursor"}),
            3,
        ),
    ];
    for (placeholder, paging, calls) in styles {
        let erp = start::<false>(30).await;
        let connector = paged(&erp, placeholder, &paging);
        assert_eq!(pulled(&*connector, 10).await.unwrap(), (30, true, vec![]), "{paging}");
        assert_eq!(erp.vendor.calls.load(Ordering::SeqCst), calls, "{paging}");
    }
    let erp = start::<false>(30).await;
    let whole = paged(&erp, "", &json!({"style": "none"}));
    assert_eq!(pulled(&*whole, 100).await.unwrap(), (30, true, vec![]));
}

#[tokio::test]
async fn a_total_that_was_not_reached_is_told_and_deletes_nothing() {
    let erp = start::<false>(30).await;
    let one_page = paged(&erp, "", &json!({"style": "none", "totalPath": TOTAL}));
    let (records, complete, warnings) = pulled(&*one_page, 10).await.unwrap();
    assert_eq!((records, complete), (10, false));
    assert!(warnings[0].contains("30 records but gave 10"), "{warnings:?}");
}

#[tokio::test]
async fn a_server_that_ignores_paging_is_noticed() {
    let erp = start::<false>(30).await;
    let ignored = changed(&erp, |soap| {
        let read = &mut soap["read"]["products"];
        read["paging"] = json!({"style": "cursor", "cursorPath": TOTAL});
        read["body"] =
            "<e:GetProducts xmlns:e='urn:erp' note='{{cursor}}'><e:Company>{{company}}</e:Company>\
                        <e:PageSize>{{pageSize}}</e:PageSize></e:GetProducts>"
                .into();
    });
    let error = pulled(&*ignored, 10).await.unwrap_err();
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("came again")), "{error:?}");
}

#[tokio::test]
async fn the_rest_can_be_read_in_parts_where_the_total_is_known() {
    let erp = start::<false>(95).await;
    let connector = paged(&erp, BY_PAGE, &json!({"style": "page", "totalPath": TOTAL}));
    let pull = |resume| Pull { data_type: DataType::Products, page_size: 10, resume, since: None };
    let mut pages = connector.pull(pull(None)).await.unwrap();
    let mut records = pages.next().await.unwrap().unwrap().items.len();
    let parts = pages.split(3);
    assert_eq!(parts.len(), 3);
    for part in parts {
        let mut pages = connector.pull(pull(Some(part))).await.unwrap();
        while let Some(page) = pages.next().await.unwrap() {
            records += page.items.len();
            assert!(page.warnings.is_empty(), "{:?}", page.warnings);
        }
        assert!(pages.complete());
    }
    assert_eq!(records, 95);
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_is_named_beside_what_is_there() {
    let erp = start::<false>(3).await;
    for (path, words) in [
        ("GetProductsResult.Product", "there is no GetProductsResult, only GetProductsResponse"),
        ("GetProductsResponse.List.Product", "there is no List, only Products, Total, NextCursor"),
    ] {
        let connector = changed(&erp, |soap| soap["read"]["products"]["recordPath"] = path.into());
        let error = connector.test().await.unwrap_err();
        assert!(matches!(&error, ErpError::Malformed(why) if why.ends_with(words)), "{path}: {error:?}");
    }
}
