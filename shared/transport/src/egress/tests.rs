use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A DNS whose answers change: each is given once, the last for ever.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    answers: Arc<[Vec<IpAddr>]>,
    asked: Arc<AtomicUsize>,
}

impl Script {
    pub(super) fn answer(&self, port: u16) -> Vec<SocketAddr> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = &self.answers[asked.min(self.answers.len() - 1)];
        answer.iter().map(|address| SocketAddr::new(*address, port)).collect()
    }
}

/// A guard that allows `range` and asks a DNS with these answers; and how often it asked.
pub(crate) fn scripted(range: &str, answers: &[&[&str]]) -> (Egress, Arc<AtomicUsize>) {
    let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
    let script = Script { answers: answers.iter().map(read).collect(), asked: Arc::default() };
    let asked = Arc::clone(&script.asked);
    (Egress { names: Names::Scripted(script), ..range.parse().unwrap() }, asked)
}

fn judged(address: &str) -> Result<(), ErpError> {
    Egress::default().check(address.parse().unwrap())
}

#[test]
fn public_addresses_pass() {
    for address in ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.32.0.1"] {
        assert_eq!(judged(address), Ok(()), "{address}");
    }
    for address in ["192.0.3.1", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"] {
        assert_eq!(judged(address), Ok(()), "{address}");
    }
}

#[test]
fn every_special_range_is_refused() {
    let v4 = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
    ];
    let v6 = [
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for address in v4.into_iter().chain(v6) {
        assert!(matches!(judged(address), Err(ErpError::Forbidden(_))), "{address}");
    }
}

#[test]
fn an_allowed_range_passes_and_nothing_beside_it() {
    let egress: Egress = "10.1.0.0/16, ::1".parse().unwrap();
    assert_eq!(egress.check("10.1.2.3".parse().unwrap()), Ok(()));
    assert_eq!(egress.check("::ffff:10.1.2.3".parse().unwrap()), Ok(()));
    assert_eq!(egress.check("::1".parse().unwrap()), Ok(()));
    assert!(egress.check("10.2.0.1".parse().unwrap()).is_err());
    assert!(egress.check("::2".parse().unwrap()).is_err());
}

#[test]
fn ranges_that_cannot_be_read_are_named() {
    let error = "127.0.0.0/8,10.0.0.0/99".parse::<Egress>().unwrap_err();
    assert!(error.to_string().starts_with("\"10.0.0.0/99\" is not a range"), "{error}");
    assert!("intranet".parse::<Egress>().is_err());
    assert!("".parse::<Egress>().unwrap().check("127.0.0.1".parse().unwrap()).is_err());
}

#[tokio::test]
async fn a_name_that_leads_to_loopback_is_refused_with_its_address() {
    let error = Egress::default().connect_addrs("localhost", 80).await.unwrap_err();
    let ErpError::Forbidden(sentence) = error else { panic!("{error:?}") };
    assert!(sentence.contains("localhost leads to ") && sentence.contains("loopback"), "{sentence}");
}

#[tokio::test]
async fn only_the_permitted_addresses_of_a_name_are_returned() {
    let egress: Egress = "127.0.0.0/8".parse().unwrap();
    let addresses = egress.connect_addrs("localhost", 8080).await.unwrap();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.is_ipv4() && address.port() == 8080), "{addresses:?}");
}

#[tokio::test]
async fn addresses_written_in_odd_ways_are_judged_by_where_they_lead() {
    for host in ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "::1", "[::ffff:127.0.0.1]"] {
        let refused = Egress::default().connect_addrs(host, 22).await;
        assert!(matches!(refused, Err(ErpError::Forbidden(_))), "{host}: {refused:?}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_unavailable() {
    let error = Egress::default().connect_addrs("erp.invalid", 443).await.unwrap_err();
    let ErpError::Unavailable(sentence) = error else { panic!("{error:?}") };
    assert!(sentence.contains("erp.invalid cannot be resolved"), "{sentence}");
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_connection_and_judged_each_time() {
    let (egress, asked) = scripted("", &[&["93.184.216.34"], &["127.0.0.1"], &["93.184.216.34", "10.0.0.1"]]);
    assert_eq!(egress.connect_addrs("rebind.test", 80).await.unwrap().len(), 1);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "what was judged is what is connected to");
    let error = egress.connect_addrs("rebind.test", 80).await.unwrap_err();
    assert!(matches!(&error, ErpError::Forbidden(why) if why.contains("leads to 127.0.0.1")), "{error:?}");
    let mixed = egress.connect_addrs("rebind.test", 80).await.unwrap();
    assert_eq!(mixed, ["93.184.216.34:80".parse().unwrap()], "the private one of the two is left out");
}

#[tokio::test]
async fn a_name_is_judged_by_every_kind_of_address_it_may_lead_to() {
    for address in [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ] {
        let (egress, _) = scripted("", &[&[address]]);
        let error = egress.connect_addrs("erp.example.com", 443).await.unwrap_err();
        assert!(matches!(error, ErpError::Forbidden(_)), "{address}: {error:?}");
    }
}
