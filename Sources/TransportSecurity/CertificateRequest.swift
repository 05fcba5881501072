import COpenSSL
import Essentials

/// What a new certificate is to say.
struct CertificateRequest {
  var commonName: String
  var validity: ClosedRange<Date>
  /// Names of hosts and numeric addresses; none for an authority.
  var hosts: [String] = []
  var isAuthority = false

  /// Makes and signs the certificate.
  /// - Parameter issuer: The authority; nil for one that signs itself.
  func issue(for key: PrivateKey, by issuer: (certificate: Certificate, key: PrivateKey)?)
    throws(TLSError) -> Certificate
  {
    let certificate = Certificate(owning: try require(openssl.X509_new(), "make a certificate"))
    let handle = certificate.handle
    try require(openssl.X509_set_version(handle, 2), "set the version")
    try setSerialNumber(handle)
    try setValidity(handle)
    try setSubject(handle)
    try require(openssl.X509_set_pubkey(handle, key.handle), "set the key")
    let signer = issuer?.certificate ?? certificate
    try require(
      openssl.X509_set_issuer_name(handle, openssl.X509_get_subject_name(signer.handle)), "set the issuer")
    try addExtensions(handle, signer: signer.handle)
    try require(
      openssl.X509_sign(handle, (issuer?.key ?? key).handle, openssl.EVP_sha256()), "sign a certificate")
    return certificate
  }

  /// 127 random bits, so that no two are the same and none is negative.
  private func setSerialNumber(_ handle: OpaquePointer) throws(TLSError) {
    let number = try require(openssl.BN_new(), "make a number")
    defer { openssl.BN_free(number) }
    try require(openssl.BN_rand(number, 127, -1, 0), "make a random number")
    _ = try require(
      openssl.BN_to_ASN1_INTEGER(number, openssl.X509_get_serialNumber(handle)), "set the serial number")
  }

  private func setValidity(_ handle: OpaquePointer) throws(TLSError) {
    for (field, date) in [
      (openssl.X509_getm_notBefore(handle), validity.lowerBound),
      (openssl.X509_getm_notAfter(handle), validity.upperBound),
    ] {
      _ = try require(openssl.ASN1_TIME_set(field, time_t(date.timeIntervalSince1970)), "set the validity")
    }
  }

  private func setSubject(_ handle: OpaquePointer) throws(TLSError) {
    let name = openssl.X509_get_subject_name(handle)
    for (field, value) in [("O", "drydock"), ("CN", commonName)] {
      let bytes = Array(value.utf8)
      try require(
        openssl.X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0),
        "set the subject")
    }
  }

  /// RFC 5280, section 4.2: what clients look at.
  private func addExtensions(_ handle: OpaquePointer, signer: OpaquePointer) throws(TLSError) {
    var extensions: [(Int32, String)] =
      isAuthority
      ? [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
      ]
      : [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
        (NID_ext_key_usage, "serverAuth"),
      ]
    extensions += [(NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid")]
    var context = X509V3_CTX()
    openssl.X509V3_set_ctx(&context, signer, handle, nil, nil, 0)
    for (kind, value) in extensions {
      let made = try require(openssl.X509V3_EXT_conf_nid(nil, &context, kind, value), "make an extension")
      defer { openssl.X509_EXTENSION_free(made) }
      try require(openssl.X509_add_ext(handle, made, -1), "add an extension")
    }
    if !hosts.isEmpty { try addHosts(handle) }
  }

  /// Made of values instead of OpenSSL's text form, in which a name with a comma would be two.
  private func addHosts(_ handle: OpaquePointer) throws(TLSError) {
    let names = try require(openssl.OPENSSL_sk_new_null(), "list the hosts")
    defer {
      openssl.OPENSSL_sk_pop_free(names) {
        openssl.GENERAL_NAME_free($0?.assumingMemoryBound(to: GENERAL_NAME.self))
      }
    }
    for host in hosts {
      let name = try require(openssl.GENERAL_NAME_new(), "name a host")
      _ = openssl.OPENSSL_sk_push(names, name)
      if let address = openssl.a2i_IPADDRESS(host) {
        openssl.GENERAL_NAME_set0_value(name, GEN_IPADD, UnsafeMutableRawPointer(address))
      } else {
        let text = try require(openssl.ASN1_IA5STRING_new(), "name a host")
        openssl.GENERAL_NAME_set0_value(name, GEN_DNS, UnsafeMutableRawPointer(text))
        try require(openssl.ASN1_STRING_set(text, host, Int32(host.utf8.count)), "name a host")
      }
    }
    try require(
      openssl.X509_add1_ext_i2d(handle, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0),
      "add the hosts")
  }
}
