// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

/**
 * A message could not be copied by its {@link MessageCodec}, whose error is the cause: the sender gets it if it could
 * not be encoded, {@link MessagePort#messageErrors()} if it could not be decoded. Node analogues:
 * {@code DataCloneError} and the event {@code messageerror}.
 *
 * @since 0.1.0
 */
public final class MessageCodecException extends IllegalArgumentException {

    MessageCodecException(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
