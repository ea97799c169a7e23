// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

/** What stands around compressed data. */
enum ZlibFormat {
    GZIP,
    ZLIB,
    RAW,
    /** Gzip or zlib, as the first byte tells; gzip for what is made. */
    AUTO;

    boolean isGzip() {
        return this == GZIP || this == AUTO;
    }
}
