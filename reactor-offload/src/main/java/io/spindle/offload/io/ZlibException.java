// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import org.jspecify.annotations.Nullable;

/**
 * A compressed stream could not be read: it is damaged, cut short, followed by something else, or longer than allowed.
 * The codes are Node's.
 *
 * @since 0.1.0
 */
public final class ZlibException extends RuntimeException {

    static final String DATA = "Z_DATA_ERROR";
    static final String TRUNCATED = "Z_BUF_ERROR";
    static final String DICTIONARY = "Z_NEED_DICT";
    static final String TOO_LARGE = "ERR_BUFFER_TOO_LARGE";
    static final String TRAILING = "ERR_TRAILING_JUNK_AFTER_STREAM_END";

    private final String code;

    ZlibException(String code, String reason) {
        this(code, reason, null);
    }

    ZlibException(String code, String reason, @Nullable Throwable cause) {
        super(code + ": " + reason, cause);
        this.code = code;
    }

    /**
     * Returns the reason: {@code "Z_DATA_ERROR"} for damage, {@code "Z_BUF_ERROR"} for an input that ends too early,
     * {@code "Z_NEED_DICT"} for one that was made with a dictionary, {@code "ERR_BUFFER_TOO_LARGE"} for an output over
     * the limit, {@code "ERR_TRAILING_JUNK_AFTER_STREAM_END"} for bytes after the end.
     */
    public String code() {
        return code;
    }
}
