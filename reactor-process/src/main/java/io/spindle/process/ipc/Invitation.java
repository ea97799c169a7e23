// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a {@link ChannelServer} listens and the secret that lets one peer in, once.
 *
 * @param socket the path of the Unix-domain socket
 * @param token the secret: hand it over where only this user can read it, as in the environment of a child
 * @since 0.1.0
 */
public record Invitation(Path socket, String token) {

    /** The environment variable that holds the {@linkplain #text() text} for a child: {@code SPINDLE_CHANNEL}. */
    public static final String VARIABLE = "SPINDLE_CHANNEL";

    private static final char SEPARATOR = '@';

    /** Checks that neither part is missing. */
    public Invitation {
        Objects.requireNonNull(socket, "socket");
        if (token.length() != Preamble.TOKEN_BYTES) {
            throw new IllegalArgumentException(
                    "token must have " + Preamble.TOKEN_BYTES + " characters, had " + token.length());
        }
    }

    /**
     * Reads what {@link #text()} wrote.
     *
     * @throws IllegalArgumentException if it is something else; the text is not repeated in the message
     */
    public static Invitation of(String text) {
        int separator = text.indexOf(SEPARATOR);
        if (separator < 0) {
            throw new IllegalArgumentException("text must be TOKEN@PATH, had no @");
        }
        return new Invitation(Path.of(text.substring(separator + 1)), text.substring(0, separator));
    }

    /** Returns both parts as one text, for an environment variable. It holds the secret. */
    public String text() {
        return token + SEPARATOR + socket;
    }

    /** Returns the path alone: the secret stays out of logs. */
    @Override
    public String toString() {
        return "Invitation(" + socket + ")";
    }
}
