//! What only the embedded server promises.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use afterall_toxiproxy::{Links, NewLink, Server};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn start() -> Server {
    Server::start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                let _gone = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

async fn round_trip(socket: &mut TcpStream) {
    socket.write_all(b"x").await.unwrap();
    socket.read_exact(&mut [0]).await.unwrap();
}

#[tokio::test]
async fn shutdown_closes_several_hundred_proxies_and_their_connections() {
    let server = start().await;
    let api = server.addr();
    let links = Links::connect(&api.to_string(), "run7").await.unwrap();
    let upstream = echo().await.to_string();
    let new = (0..300).map(|n| NewLink::on_loopback(&format!("l{n}"), &upstream)).collect();
    let addresses: Vec<SocketAddr> = links.create_all(new).await.unwrap().into_values().collect();
    let mut sockets = Vec::new();
    for address in &addresses {
        let mut socket = TcpStream::connect(address).await.unwrap();
        round_trip(&mut socket).await;
        sockets.push(socket);
    }
    server.shutdown().await;
    for (address, socket) in addresses.iter().zip(&mut sockets) {
        assert!(TcpStream::connect(address).await.is_err());
        let kind = socket.read(&mut [0]).await.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset);
    }
    assert!(TcpStream::connect(api).await.is_err());
    assert!(links.cut("l0").await.is_err(), "nobody answers, and that is an error");
}

#[tokio::test]
async fn a_cut_link_keeps_its_port_from_those_who_take_any() {
    let server = start().await;
    let links = Links::connect(&server.addr().to_string(), "run7").await.unwrap();
    let address = links.create("a", &echo().await.to_string()).await.unwrap();
    links.cut("a").await.unwrap();
    let mut others = Vec::new();
    for _ in 0..2000 {
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert_ne!(other.local_addr().unwrap(), address);
        others.push(other);
    }
    links.mend("a").await.unwrap();
    round_trip(&mut TcpStream::connect(address).await.unwrap()).await;
}

#[tokio::test]
async fn a_cut_resets_live_connections() {
    let server = start().await;
    let links = Links::connect(&server.addr().to_string(), "run7").await.unwrap();
    let address = links.create("a", &echo().await.to_string()).await.unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    round_trip(&mut socket).await;
    links.cut("a").await.unwrap();
    let kind = socket.read(&mut [0]).await.unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn only_loopback_is_served() {
    assert!(Server::start("0.0.0.0:0".parse().unwrap()).await.is_err());
    let server = start().await;
    let links = Links::connect(&server.addr().to_string(), "run7").await.unwrap();
    let open = NewLink { listen: "0.0.0.0:0".to_owned(), ..NewLink::on_loopback("a", "x:1") };
    let error = links.create_all(vec![open]).await.unwrap_err();
    assert!(error.to_string().contains("no such proxy"), "{error}");
}

#[tokio::test]
async fn connecting_to_nothing_says_so() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = Links::connect(&nobody.to_string(), "run7").await.unwrap_err();
    assert!(error.to_string().starts_with("Toxiproxy failed while listing proxies"), "{error}");
    assert!(Links::connect("nonsense", "run7").await.is_err());
}
