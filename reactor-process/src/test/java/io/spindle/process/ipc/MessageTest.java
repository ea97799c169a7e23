// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MessageTest {

    private static final Message JSON = message(Format.JSON, "null".getBytes(StandardCharsets.UTF_8));
    private static final Message CBOR = message(Format.CBOR, new byte[] {(byte) 0xF6});

    private static Message message(Format format, byte[] payload) {
        return new Message("", payload, format, null);
    }

    @Test
    void aNullOfAnotherLanguageIsNoneOfAnyType() {
        for (Message message : List.of(JSON, CBOR)) {
            assertThatExceptionOfType(MessageFormatException.class)
                    .isThrownBy(() -> message.as(String.class))
                    .withMessage("message is not a java.lang.String: it is null")
                    .satisfies(error -> assertThat(error.type()).isEqualTo(String.class));
            Object optional = message.as(Optional.class);
            assertThat(optional).isEqualTo(Optional.empty());
        }
    }
}
