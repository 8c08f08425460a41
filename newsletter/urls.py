from django.urls import path

from newsletter import views

urlpatterns = [
    path("", views.newsletter, name="newsletter"),
    path("subscribe/", views.subscribe, name="newsletter_subscribe"),
    path("confirm/<str:secret>/", views.confirm, name="newsletter_confirm"),
    path("export/<str:secret>/", views.export, name="newsletter_export"),
    path("erase/<str:secret>/", views.erase, name="newsletter_erase"),
    path("u/<str:token>/", views.unsubscribe, name="newsletter_unsubscribe"),
    path("p/<str:token>/", views.preferences, name="newsletter_preferences"),
    path("p/<str:token>/<slug:what>/", views.ask_for, name="newsletter_ask_for"),
]
