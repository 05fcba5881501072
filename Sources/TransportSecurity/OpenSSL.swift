import COpenSSL

/// OpenSSL's functions; the first look at them loads the library.
var openssl: drydock_openssl_functions { drydock_openssl().pointee }
