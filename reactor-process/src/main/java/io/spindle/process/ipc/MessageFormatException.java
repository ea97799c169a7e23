// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.Serial;
import java.lang.reflect.Type;

/**
 * Thrown when a payload cannot be read as the type that the receiver names. The channel goes on.
 *
 * @since 0.1.0
 */
public final class MessageFormatException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient Type type;

    MessageFormatException(Type type, Throwable cause) {
        super("message is not a " + type.getTypeName() + ": " + cause.getMessage(), cause);
        this.type = type;
    }

    MessageFormatException(Type type) {
        super("message is not a " + type.getTypeName() + ": it is null");
        this.type = type;
    }

    /** Returns the type that was asked for. */
    public Type type() {
        return type;
    }
}
