// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LastAnswerTest {

    private static final int MORE_THAN_SILENT = 5;

    private static void look(LastAnswer lastAnswer) {
        for (int i = 0; i < MORE_THAN_SILENT; i++) {
            lastAnswer.look();
        }
    }

    private static DefaultHttpContent content(String text) {
        return new DefaultHttpContent(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    private static HttpResponse head(CharSequence type) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        return head;
    }

    @Test
    void theAnswerAfterAnEventStreamThatHasEndedMayTakeItsTime() {
        LastAnswer lastAnswer = new LastAnswer(true);
        EmbeddedChannel connection = new EmbeddedChannel(lastAnswer);
        connection.writeOutbound(content("data: 1\n"), LastHttpContent.EMPTY_LAST_CONTENT);
        connection.releaseOutbound();

        look(lastAnswer);

        assertThat(connection.<Object>readOutbound())
                .as("nothing before the head")
                .isNull();
        assertThat(connection.isOpen()).isTrue();
        connection.writeOutbound(head("text/plain"));
        HttpResponse slow = connection.readOutbound();
        assertThat(HttpUtil.isKeepAlive(slow)).isFalse();
        look(lastAnswer);
        connection.writeOutbound(content("\n\n"));
        connection.releaseOutbound();
        assertThat(connection.isOpen()).as("it is no event stream").isTrue();
        connection.finishAndReleaseAll();
    }

    @Test
    void anEventStreamThatFollowsIsEndedInItsOwnRight() {
        LastAnswer lastAnswer = new LastAnswer(true);
        EmbeddedChannel connection = new EmbeddedChannel(lastAnswer);
        connection.writeOutbound(content("data: 1\n"), LastHttpContent.EMPTY_LAST_CONTENT);
        connection.releaseOutbound();

        connection.writeOutbound(head(HttpHeaderValues.TEXT_EVENT_STREAM), content("\n"));
        assertThat(connection.isOpen())
                .as("the empty line is not made of two streams")
                .isTrue();
        connection.writeOutbound(content("\n"));

        assertThat(connection.isOpen()).isFalse();
        connection.finishAndReleaseAll();
    }

    @Test
    void anEventStreamThatIsSilentIsEnded() {
        LastAnswer lastAnswer = new LastAnswer(true);
        EmbeddedChannel connection = new EmbeddedChannel(lastAnswer);

        look(lastAnswer);

        assertThat(connection.<Object>readOutbound()).isSameAs(LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(connection.isOpen()).isFalse();
    }
}
