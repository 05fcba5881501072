// OpenSSL's functions, loaded at their first use, and what Swift does not see of its interface.
#pragma once

#include <CDynamicLibrary.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Every function that drydock calls; one that is missing here does not compile.
#define DRYDOCK_OPENSSL(F) \
  F(ASN1_IA5STRING_new) F(ASN1_STRING_set) F(ASN1_TIME_set) F(ASN1_TIME_to_tm) F(BIO_ctrl_pending) \
  F(BIO_free) F(BIO_new) F(BIO_read) F(BIO_s_mem) F(BIO_write) F(BN_free) F(BN_new) F(BN_rand) \
  F(BN_to_ASN1_INTEGER) F(ERR_clear_error) F(ERR_peek_error) F(ERR_reason_error_string) \
  F(EVP_DigestFinal_ex) F(EVP_DigestInit_ex) F(EVP_DigestUpdate) F(EVP_MD_CTX_free) F(EVP_MD_CTX_new) \
  F(EVP_PKEY_CTX_free) F(EVP_PKEY_CTX_new_from_name) F(EVP_PKEY_CTX_set_group_name) F(EVP_PKEY_free) \
  F(EVP_PKEY_generate) F(EVP_PKEY_keygen_init) F(EVP_sha256) F(GENERAL_NAME_free) F(GENERAL_NAME_new) \
  F(GENERAL_NAME_set0_value) F(OPENSSL_sk_new_null) F(OPENSSL_sk_pop_free) F(OPENSSL_sk_push) \
  F(OpenSSL_version) F(PEM_read_bio_PrivateKey) F(PEM_read_bio_X509) F(PEM_write_bio_PKCS8PrivateKey) \
  F(PEM_write_bio_X509) F(SSL_CTX_check_private_key) F(SSL_CTX_ctrl) F(SSL_CTX_free) \
  F(SSL_CTX_load_verify_file) F(SSL_CTX_new) F(SSL_CTX_use_PrivateKey) F(SSL_CTX_use_certificate) \
  F(SSL_ctrl) F(SSL_do_handshake) F(SSL_free) F(SSL_get0_param) F(SSL_get_error) F(SSL_get_verify_result) \
  F(SSL_new) F(SSL_read) F(SSL_set1_host) F(SSL_set_accept_state) F(SSL_set_bio) F(SSL_set_connect_state) \
  F(SSL_set_verify) F(SSL_shutdown) F(SSL_write) F(TLS_client_method) F(TLS_server_method) \
  F(X509V3_EXT_conf_nid) F(X509V3_set_ctx) F(X509_EXTENSION_free) F(X509_NAME_add_entry_by_txt) \
  F(X509_VERIFY_PARAM_set1_ip_asc) F(X509_add1_ext_i2d) F(X509_add_ext) F(X509_check_ca) \
  F(X509_check_host) F(X509_check_ip_asc) F(X509_check_issued) F(X509_check_private_key) F(X509_digest) \
  F(X509_free) F(X509_get0_notAfter) F(X509_get0_notBefore) F(X509_get0_pubkey) F(X509_get_serialNumber) \
  F(X509_get_subject_name) F(X509_getm_notAfter) F(X509_getm_notBefore) F(X509_new) \
  F(X509_set_issuer_name) F(X509_set_pubkey) F(X509_set_version) F(X509_sign) F(X509_verify) \
  F(X509_verify_cert_error_string) F(a2i_IPADDRESS)

DYNAMIC_LIBRARY(openssl, DRYDOCK_OPENSSL)

// Macros, which Swift does not see as functions.
static inline int drydock_ctx_require_tls12(SSL_CTX *_Nonnull context) {
  return (int)drydock_openssl()->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
}
static inline int drydock_set_server_name(SSL *_Nonnull session, const char *_Nonnull name) {
  return (int)drydock_openssl()->SSL_ctrl(
      session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(size_t)name);
}
