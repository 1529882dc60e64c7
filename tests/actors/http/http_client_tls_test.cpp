#include "actors/http/http_client.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <stdlib.h>
#include <thread>

namespace troupe {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::string pem_of(X509* certificate) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509(out.get(), certificate);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

/// Serves one connection with a certificate that it has signed itself, made out to `address`.
class tls_server {
public:
  explicit tls_server(const std::string& address)
      : key_{EVP_EC_gen("P-256"), &EVP_PKEY_free}, certificate_{X509_new(), &X509_free} {
    X509_set_version(certificate_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    auto* name = X509_get_subject_name(certificate_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_.get(), name);
    X509_set_pubkey(certificate_.get(), key_.get());
    auto names = "IP:" + address;
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    SSL_CTX_use_certificate(context_.native_handle(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.native_handle(), key_.get());
    thread_ = std::thread{[this] { serve(); }};
  }

  ~tls_server() {
    // Wakes an accept that nobody has answered.
    boost::system::error_code ec;
    tcp::socket waker{io_};
    waker.connect(acceptor_.local_endpoint(), ec);
    waker.close(ec);
    thread_.join();
  }

  std::string url() const {
    return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

  std::string certificate() const {
    return pem_of(certificate_.get());
  }

private:
  void serve() {
    boost::system::error_code ec;
    tcp::socket socket{io_};
    acceptor_.accept(socket, ec);
    asio::ssl::stream<tcp::socket> stream{std::move(socket), context_};
    stream.handshake(asio::ssl::stream_base::server, ec);
    if (ec)
      return;
    std::string request;
    asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", ec);
    if (!ec)
      asio::write(stream, asio::buffer(std::string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}), ec);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

struct http_client_tls_test : ::testing::Test {
  std::filesystem::path dir = make_dir();

  ~http_client_tls_test() override {
    std::filesystem::remove_all(dir);
  }

  static std::filesystem::path make_dir() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-tls-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder");
    return name;
  }

  result<http_response> ask(const tls_server& server, bool trusted) {
    http_client_config config;
    if (trusted) {
      config.ca_file = (dir / "ca.pem").string();
      std::ofstream{config.ca_file} << server.certificate();
    }
    http_client client{config};
    std::promise<result<http_response>> done;
    http_request request;
    request.url = server.url();
    request.timeout = test::patience;
    http_callbacks callbacks;
    callbacks.on_done = [&done](result<http_response> x) { done.set_value(std::move(x)); };
    client.submit(std::move(request), std::move(callbacks));
    return done.get_future().get();
  }
};

TEST_F(http_client_tls_test, trusts_nobody_without_reason) {
  tls_server server{"127.0.0.1"};
  auto response = ask(server, false);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_FORBIDDEN) << response.error().message;
  EXPECT_FALSE(response.error().retryable);
}

TEST_F(http_client_tls_test, trusts_the_authorities_that_it_is_given) {
  tls_server server{"127.0.0.1"};
  auto response = ask(server, true);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "ok");
}

TEST_F(http_client_tls_test, refuses_a_certificate_that_is_made_out_to_another_host) {
  tls_server server{"192.0.2.1"};
  auto response = ask(server, true);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, v1::ERROR_CODE_FORBIDDEN) << response.error().message;
}

} // namespace
} // namespace troupe
