// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * No address or record was found for a name: there is none, or the name server did not answer. The cause says what the
 * system said. Node analogues: {@code getaddrinfo ENOTFOUND}, {@code queryMx ENODATA}.
 *
 * @since 0.1.0
 */
public final class LookupException extends UncheckedIOException {

    private static final String NOT_FOUND = "ENOTFOUND";
    private static final String TIMEOUT = "ETIMEOUT";
    private static final Map<DnsResponseCode, String> ANSWERS =
            Map.of(DnsResponseCode.NXDOMAIN, NOT_FOUND, DnsResponseCode.NOERROR, "ENODATA");

    private final String host;
    private final String code;

    LookupException(String host, UnknownHostException cause) {
        super(
                isTemporary(cause)
                        ? "the name server did not answer for host '" + host + "': try again later"
                        : "no address found for host '" + host + "': check the name and the name server",
                cause);
        this.host = host;
        this.code = isTemporary(cause) ? "EAI_AGAIN" : NOT_FOUND;
    }

    /** The system's words for EAI_AGAIN, which is all that Java passes on. */
    private static boolean isTemporary(UnknownHostException error) {
        String message = error.getMessage();
        return message != null && message.contains("Temporary failure in name resolution");
    }

    private LookupException(String name, String type, String code, @Nullable Throwable cause) {
        super(
                code + ": no " + type + " records found for '" + name + "'",
                cause instanceof IOException known ? known : new IOException(cause));
        this.host = name;
        this.code = code;
    }

    /** A question to the DNS that failed. */
    static LookupException of(String name, String type, Throwable cause) {
        return new LookupException(name, type, code(cause), cause);
    }

    /** A server said that it has no answer, or answered without such records. */
    static LookupException answered(String name, String type, DnsResponseCode answer) {
        String code = ANSWERS.getOrDefault(
                answer, "E" + answer.toString().replaceAll("\\(.*", "").toUpperCase(Locale.ROOT));
        return new LookupException(name, type, code, null);
    }

    private static String code(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof DnsNameResolverTimeoutException) {
                return TIMEOUT;
            } else if (cause instanceof CancellationException) {
                return "ECANCELLED";
            } else if (cause instanceof DecoderException) {
                return "EBADRESP";
            } else if (cause instanceof IllegalArgumentException) {
                return "EBADNAME";
            }
        }
        return "ECONNREFUSED"; // no server could be asked
    }

    boolean isTimeout() {
        return code.equals(TIMEOUT);
    }

    /** Returns the name that was looked up. */
    public String host() {
        return host;
    }

    /**
     * Returns the reason as Node calls it, such as {@code "ENOTFOUND"}, {@code "ETIMEOUT"} or {@code "EAI_AGAIN"}, which is
     * worth another try; {@link Dns} tells the last one by the system's English words, and says {@code "ENOTFOUND"} in
     * other languages.
     */
    public String code() {
        return code;
    }
}
